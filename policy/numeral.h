/*
 * NAME
 *	numeral - the numbers of an address as text
 *
 * DESCRIPTION
 *	A proof may print millions of networks, and printf(3) would take longer than
 *	to find them.
 */
#ifndef POLICY_NUMERAL_H
#define POLICY_NUMERAL_H

/*
 * Write a number of up to three decimal, or four hexadecimal, digits: none that could be left out in front, and no
 * end of a string.  Return what is behind it.
 */
char *numeral_decimal(char *to, unsigned value);
char *numeral_hexadecimal(char *to, unsigned value);

#endif
