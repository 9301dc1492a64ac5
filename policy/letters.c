#include "policy/letters.h"

#include <stddef.h>
#include <string.h>

/* Spans of bytes by name, each as its first and its last byte. */
struct spans {
	const char *name;
	const char *bytes;
};

static const struct spans posix[] = {
    {"alnum", "azAZ09"}, {"alpha", "azAZ"}, {"ascii", "\1\177"},  {"blank", "  \t\t"},  {"cntrl", "\1\37\177\177"},
    {"digit", "09"},     {"graph", "!~"},   {"lower", "az"},      {"print", " ~"},      {"punct", "!/:@[`{~"},
    {"space", "  \t\r"}, {"upper", "AZ"},   {"word", "azAZ09__"}, {"xdigit", "09afAF"},
};

/* By the letter of the escape; the upper-case letter is what they are not. */
static const struct spans escapes[] = {
    {"d", "09"}, {"h", "  \t\t\240\240"}, {"s", "  \t\r"}, {"v", "\n\r\205\205"}, {"w", "azAZ09__"},
};

/* General categories of Unicode, the longer names first. */
static const struct spans properties[] = {
    {"Ll", "az"}, {"Lu", "AZ"}, {"L", "azAZ"}, {"N", "09"}, {"P", "!#%*,/:;?@[]__{{}}"}, {"S", "$$++<>^^``||~~"},
    {"Z", "  "},
};

/* What letters_pick takes first, and next. */
static const char *const preferred[] = {"az09", "--", "..", "__", "!~", "  ", "\1\377"};

static void add_span(struct letters *letters, unsigned first, unsigned last)
{
	for (unsigned byte = first; byte <= last; byte++)
		bits_set(letters->bits, byte);
}

static struct letters from_spans(const char *bytes)
{
	struct letters letters = {{0}};

	for (; *bytes != '\0'; bytes += 2)
		add_span(&letters, (unsigned char)bytes[0], (unsigned char)bytes[1]);
	return letters;
}

static struct letters letters_or(struct letters one, struct letters other)
{
	for (size_t i = 0; i < sizeof one.bits / sizeof *one.bits; i++)
		one.bits[i] |= other.bits[i];
	return one;
}

struct letters letters_and(struct letters one, struct letters other)
{
	for (size_t i = 0; i < sizeof one.bits / sizeof *one.bits; i++)
		one.bits[i] &= other.bits[i];
	return one;
}

static struct letters letters_not(struct letters letters)
{
	for (size_t i = 0; i < sizeof letters.bits / sizeof *letters.bits; i++)
		letters.bits[i] = ~letters.bits[i];
	return letters;
}

static struct letters every(void)
{
	return letters_not((struct letters){{0}});
}

struct letters letters_of(unsigned char byte)
{
	struct letters letters = {{0}};

	add_span(&letters, byte, byte);
	return letters;
}

struct letters letters_any(void)
{
	struct letters letters = every();

	bits_clear(letters.bits, '\n');
	return letters;
}

struct letters letters_word(bool is)
{
	struct letters letters = from_spans("azAZ09__");

	return is ? letters : letters_not(letters);
}

struct letters letters_caseless(struct letters letters)
{
	for (unsigned char lower = 'a'; lower <= 'z'; lower++) {
		unsigned char upper = (unsigned char)(lower - 'a' + 'A');

		if (bits_test(letters.bits, lower) || bits_test(letters.bits, upper)) {
			bits_set(letters.bits, lower);
			bits_set(letters.bits, upper);
		}
	}
	return letters;
}

bool letters_wide(const struct letters *letters)
{
	for (unsigned char byte = 'a'; byte <= 'z'; byte++)
		if (!bits_test(letters->bits, byte))
			return false;
	return true;
}

/* The byte of these spans that is in the set, so many turns after the first; 0 where there is none. */
static unsigned char pick_from(const struct letters *letters, const char *spans, unsigned turn)
{
	unsigned count = 0;

	for (unsigned seen = 0;; seen = count) {
		for (const char *span = spans; *span != '\0'; span += 2)
			for (unsigned byte = (unsigned char)span[0]; byte <= (unsigned char)span[1]; byte++)
				if (bits_test(letters->bits, byte) && count++ == turn)
					return (unsigned char)byte;
		/* around again */
		if (count == seen)
			return 0;
	}
}

unsigned char letters_pick(const struct letters *letters, unsigned turn)
{
	for (size_t i = 0; i < sizeof preferred / sizeof *preferred; i++) {
		unsigned char byte = pick_from(letters, preferred[i], turn);

		if (byte != 0)
			return byte;
	}
	return 0;
}

static int digit_value(char digit)
{
	if (digit >= '0' && digit <= '9')
		return digit - '0';
	if (digit >= 'a' && digit <= 'f')
		return digit - 'a' + 10;
	if (digit >= 'A' && digit <= 'F')
		return digit - 'A' + 10;
	return 16;
}

/* Reads at most so many digits, and with braces any number of them: "\x41", "\x{41}", "\101", "\o{101}". */
static struct letters read_code(const char **at, const char *end, int base, unsigned most)
{
	bool braces = *at < end && **at == '{';
	unsigned code = 0;

	*at += braces;
	for (unsigned i = 0; (braces || i < most) && *at < end && digit_value(**at) < base; i++, (*at)++)
		code = code * (unsigned)base + (unsigned)digit_value(**at);
	if (braces && *at < end)
		(*at)++;
	return letters_of((unsigned char)code);
}

/* Reads "L", "{L}", "{^L}" behind "\p". */
static struct letters read_property(const char **at, const char *end, bool inverse)
{
	const char *name = *at, *close;
	struct letters letters = every();

	if (name == end)
		return letters;
	if (*name == '{') {
		close = memchr(name, '}', (size_t)(end - name));
		*at = close == NULL ? end : close + 1;
		name++;
		if (name < end && *name == '^') {
			inverse = !inverse;
			name++;
		}
	} else {
		close = ++*at;
	}
	for (size_t i = 0; close != NULL && i < sizeof properties / sizeof *properties; i++) {
		size_t length = strlen(properties[i].name);

		if (length > (size_t)(close - name) || memcmp(name, properties[i].name, length) != 0)
			continue;
		letters = from_spans(properties[i].bytes);
		return inverse ? letters_not(letters) : letters;
	}
	return letters;
}

/* The escape that is this letter alone. */
static struct letters simple_escape(char letter)
{
	static const char names[] = "abefnrtR", bytes[] = "\a\b\33\f\n\r\t\n";
	const char *found = memchr(names, letter, sizeof names - 1);

	if (found != NULL)
		return letters_of((unsigned char)bytes[found - names]);
	for (size_t i = 0; i < sizeof escapes / sizeof *escapes; i++) {
		if (letter == escapes[i].name[0])
			return from_spans(escapes[i].bytes);
		if (letter == escapes[i].name[0] - 'a' + 'A')
			return letters_not(from_spans(escapes[i].bytes));
	}
	if (letter == 'N' || letter == 'X' || letter == 'C')
		return letters_any();
	return letters_of((unsigned char)letter);
}

/* "\cA" is control-A. */
static struct letters read_control(const char **at, const char *end)
{
	char letter;

	if (*at == end)
		return letters_of('c');
	letter = *(*at)++;
	if (letter >= 'a' && letter <= 'z')
		letter = (char)(letter - 'a' + 'A');
	return letters_of((unsigned char)(letter ^ 0x40));
}

static struct letters read_escape(const char **at, const char *end)
{
	char letter;

	if (++*at == end)
		return letters_of('\\');
	letter = **at;
	if (letter >= '0' && letter <= '7')
		return read_code(at, end, 8, 3);
	++*at;
	if (letter == 'x')
		return read_code(at, end, 16, 2);
	if (letter == 'o')
		return read_code(at, end, 8, 0);
	if (letter == 'c')
		return read_control(at, end);
	return simple_escape(letter);
}

struct letters letters_escape(const char **at, const char *end, bool caseless)
{
	struct letters letters;

	/* \p{Lu} means upper case whatever the flags */
	if (end - *at > 1 && ((*at)[1] == 'p' || (*at)[1] == 'P')) {
		*at += 2;
		return read_property(at, end, (*at)[-1] == 'P');
	}
	letters = read_escape(at, end);
	return caseless ? letters_caseless(letters) : letters;
}

/* Reads "[:alpha:]" or "[:^alpha:]" in a class; false, and nothing read, where none stands there. */
static bool read_posix(const char **at, const char *end, bool caseless, struct letters *ret_letters)
{
	const char *name;
	bool inverse;

	if (end - *at < 4 || (*at)[0] != '[' || (*at)[1] != ':')
		return false;
	inverse = (*at)[2] == '^';
	name = *at + 2 + inverse;
	for (size_t i = 0; i < sizeof posix / sizeof *posix; i++) {
		size_t length = strlen(posix[i].name);

		if ((size_t)(end - name) < length + 2 || memcmp(name, posix[i].name, length) != 0 ||
		    memcmp(name + length, ":]", 2) != 0)
			continue;
		*at = name + length + 2;
		*ret_letters = from_spans(posix[i].bytes);
		if (caseless)
			*ret_letters = letters_caseless(*ret_letters);
		if (inverse)
			*ret_letters = letters_not(*ret_letters);
		return true;
	}
	return false;
}

/* One item of a class, there being one. */
static struct letters read_item(const char **at, const char *end, bool caseless)
{
	struct letters letters;

	if (**at == '\\')
		return letters_escape(at, end, caseless);
	if (read_posix(at, end, caseless, &letters))
		return letters;
	letters = letters_of((unsigned char)*(*at)++);
	return caseless ? letters_caseless(letters) : letters;
}

/* The byte that is alone in the set; negative where none is. */
static int only(const struct letters *letters)
{
	int found = -1;

	for (size_t i = 0; i < sizeof letters->bits / sizeof *letters->bits; i++) {
		uint64_t word = letters->bits[i];

		if (word == 0)
			continue;
		if (found >= 0 || (word & (word - 1)) != 0)
			return -1;
		found = (int)i * BITS_PER_WORD + __builtin_ctzll(word);
	}
	return found;
}

/* Reads "a-z", or what stands in its place: "a", "\d", "[:digit:]". */
static struct letters read_range(const char **at, const char *end, bool caseless)
{
	const char *begin = *at;
	struct letters first = read_item(at, end, false), last;

	if (only(&first) >= 0 && end - *at > 1 && (*at)[0] == '-' && (*at)[1] != ']') {
		(*at)++;
		last = read_item(at, end, false);
		if (only(&last) >= 0) {
			add_span(&first, (unsigned)only(&first), (unsigned)only(&last));
			return caseless ? letters_caseless(first) : first;
		}
	}
	*at = begin;
	return read_item(at, end, caseless);
}

struct letters letters_class(const char **at, const char *end, bool caseless)
{
	struct letters class = {{0}};
	bool inverse = end - *at > 1 && (*at)[1] == '^';

	*at += 1 + inverse;
	/* a "]" that comes first is one of them */
	for (bool first = true; *at < end && (first || **at != ']'); first = false)
		class = letters_or(class, read_range(at, end, caseless));
	if (*at < end)
		(*at)++;
	return inverse ? letters_not(class) : class;
}
