#include "rules/fault.h"

#include <stdarg.h>
#include <stdio.h>

bool fault_set(struct fault *ret_fault, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(ret_fault->text, sizeof ret_fault->text, format, arguments);
	va_end(arguments);
	return false;
}
