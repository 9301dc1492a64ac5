#include "policy/limits.h"
#include "policy/network.h"
#include "rules/model.h"
#include "rules/naming.h"

static const char *separator(size_t *count)
{
	return (*count)++ == 0 ? "" : ", ";
}

/* One more is shown rather than counted. */
static void print_networks(const struct networks *networks, size_t most, size_t *count, FILE *to)
{
	size_t shown = networks->count > most + 1 ? most : networks->count;

	for (size_t i = 0; i < shown; i++) {
		char text[LIMIT_NETWORK_TEXT];

		network_to_text(&networks->list[i], text);
		fprintf(to, "%s%s", separator(count), text);
	}
	if (shown < networks->count)
		fprintf(to, " and %zu more networks", networks->count - shown);
}

static void print_tables(const struct table **tables, size_t table_count, size_t *count, FILE *to)
{
	for (size_t i = 0; i < table_count; i++)
		fprintf(to, "%s@%s", separator(count), tables[i]->name);
}

void networks_print(const struct networks *networks, size_t most, FILE *to)
{
	size_t count = 0;

	print_networks(networks, most, &count, to);
}

void names_print(const struct names *names, size_t most, FILE *to)
{
	static const char *const families[] = {
	    [ADDRESS_IPV4] = "all of IPv4",
	    [ADDRESS_IPV6] = "all of IPv6",
	};
	bool everybody = names->everybody[ADDRESS_IPV4] && names->everybody[ADDRESS_IPV6];
	size_t count = 0;

	if (everybody)
		fprintf(to, "%severybody", separator(&count));
	for (unsigned family = 0; family < ADDRESS_FAMILY_COUNT && !everybody; family++)
		if (names->everybody[family])
			fprintf(to, "%s%s", separator(&count), families[family]);
	print_tables(names->tables, names->table_count, &count, to);
	print_networks(&names->networks, most, &count, to);
	if (names->less_table_count + names->less_networks.count == 0)
		return;
	fputs(", but not ", to);
	count = 0;
	print_tables(names->less_tables, names->less_table_count, &count, to);
	print_networks(&names->less_networks, most, &count, to);
}
