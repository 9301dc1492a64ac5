#include "rules/wording.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "policy/prove.h"
#include "policy/ruleset.h"
#include "policy/world.h"
#include "rules/load.h"
#include "tests/unit/rules/rule_files.h"
#include "tests/unit/rules/said.h"

TestSuite(wording, .init = rule_files_start, .fini = rule_files_end);

#define TABLES                                                                                                         \
	"networks = { lan = [ \"10.0.0.0/8\" ]; };\n"                                                                  \
	"domains = { partners = [ \"a.example\", \".a.example\" ]; alias = [ \"@partners\" ]; };\n"                    \
	"addresses = { bulk = [ \"news@\", \"<>\" ]; };\n"                                                             \
	"users = { staff = [ \"alice@\", \"bob\" ]; };\n"

/* Rules of a listener that lets the LAN relay, and what must hold then, joined by " | ". */
struct row {
	const char *rules;
	const char *when;
};

/* What must hold in the first row of those who may relay; "nobody" where there is none. */
static void say(const struct rules *rules, bool authenticated, size_t shown, char *text, size_t size)
{
	struct world *world = world_new((const struct ruleset *const[]){rules->ruleset}, 1);
	struct relayers *relayers = prove_listener(world, &rules->ruleset->listeners[0]);
	struct wording wording = {.sides = {rules}, .listener = "one", .shown = shown};
	struct texts texts = {0};
	size_t row = 0;

	cr_assert_not_null(relayers);
	while (row < relayers->count && relayers->rows[row].authenticated != authenticated)
		row++;
	snprintf(text, size, "%s", row == relayers->count ? "nobody" : "");
	if (row < relayers->count)
		cr_assert(wording_clauses(&wording, &relayers->rows[row].who.when, &texts));
	for (size_t i = 0; i < texts.count; i++)
		snprintf(text + strlen(text), size - strlen(text), "%s%s", i == 0 ? "" : " | ", texts.list[i]);
	texts_destroy(&texts);
	relayers_free(relayers);
	world_free(world);
}

static void walk(const struct row *rows, size_t count, bool authenticated, size_t shown)
{
	for (size_t i = 0; i < count; i++) {
		char file[2000], text[2000];
		struct rules *rules;

		snprintf(file, sizeof file,
		         "%slisteners = ( { name = \"one\"; direction = \"inbound\";\n  %s\n"
		         "  relay = { mode = \"only\"; clients = [ \"@lan\" ]; }; } );\n",
		         TABLES, rows[i].rules);
		rules = said_load(file);
		cr_assert_not_null(rules, "%s%s", file, said());
		say(rules, authenticated, shown, text, sizeof text);
		cr_expect_str_eq(text, rows[i].when, "%s: \"%s\", not \"%s\"", rows[i].rules, text, rows[i].when);
		rules_free(rules);
	}
}

#define WALK(rows, authenticated, shown) walk(rows, sizeof(rows) / sizeof *(rows), authenticated, shown)

Test(wording, what_a_fact_is_in)
{
	static const struct row rows[] = {
	    {"", ""},
	    {"helo = ( { verdict = \"reject\"; helo = [ \"@partners\" ]; } );", "HELO is not in @partners"},
	    {"helo = ( { verdict = \"accept\"; helo = [ \"@partners\" ]; }, { verdict = \"reject\"; } );",
	     "HELO is in @partners"},
	    {"helo = ( { verdict = \"reject\"; helo = [ \"b.example\" ]; } );", "HELO is not b.example"},
	    {"helo = ( { verdict = \"reject\"; helo = [ \".b.example\" ]; } );", "HELO is not in .b.example"},
	    {"helo = ( { verdict = \"reject\"; helo = [ \"@partners\", \"!mx.a.example\" ]; } );",
	     "HELO is not in @partners, !mx.a.example"},
	    {"helo = ( { verdict = \"reject\"; helo = [ \"/^x$/\" ]; } );", "HELO does not match /^x$/"},
	    {"helo = ( { verdict = \"accept\"; helo = [ \"/^x$/\" ]; }, { verdict = \"reject\"; } );",
	     "HELO matches /^x$/"},
	    {"mail = ( { verdict = \"reject\"; sender = [ \"<>\" ]; } );", "sender is not <>"},
	    {"mail = ( { verdict = \"reject\"; sender = [ \"@bulk\", \"b@b.example\" ]; } );",
	     "sender is not in @bulk, b@b.example"},
	    {"mail = ( { verdict = \"reject\"; sender = [ \"@partners\" ]; } );", "sender is not in @partners"},
	    {"rcpt = ( { verdict = \"reject\"; recipient = [ \"b@b.example\" ]; } );", "recipient is not b@b.example"},
	};

	WALK(rows, false, 0);
}

Test(wording, a_table_is_called_as_it_is_where_it_is_asked)
{
	static const struct row rows[] = {
	    {"helo = ( { verdict = \"reject\"; helo = [ \"@alias\" ]; } );", "HELO is not in @alias"},
	    {"helo = ( { verdict = \"reject\"; helo = [ \"@partners\" ]; } );", "HELO is not in @partners"},
	};

	WALK(rows, false, 0);
}

Test(wording, a_verified_name_that_there_is_or_not)
{
	static const struct row rows[] = {
	    {"connect = ( { verdict = \"reject\"; client_name = [ \"@partners\" ]; } );",
	     "verified name is not in @partners"},
	    {"connect = ( { verdict = \"reject\"; client_name = [ \"unknown\" ]; } );", "a verified name"},
	    {"connection = { mode = \"only\"; names = [ \"unknown\" ]; };", "no verified name"},
	    {"connection = { mode = \"only\"; names = [ \"unknown\", \"@partners\" ]; };",
	     "no verified name, or one in @partners"},
	    {"connection = { mode = \"all-except\"; names = [ \"@partners\", \"unknown\" ]; };",
	     "a verified name that is not in @partners"},
	    {"connection = { mode = \"only\"; names = [ \"/.*/\" ]; };", "verified name matches /.*/"},
	};

	WALK(rows, false, 0);
}

Test(wording, numbers)
{
	static const struct row rows[] = {
	    {"mail = ( { verdict = \"reject\"; tls = true; } );", "no TLS"},
	    {"mail = ( { verdict = \"reject\"; tls = false; } );", "TLS"},
	    {"mail = ( { verdict = \"reject\"; tls = 128; } );", "no TLS of at least 128 bits"},
	    {"mail = ( { verdict = \"accept\"; tls = 128; }, { verdict = \"reject\"; } );", "TLS of at least 128 bits"},
	    {"mail = ( { verdict = \"reject\"; size_over = 1000000; } );", "no declared size over 1000000 bytes"},
	    {"mail = ( { verdict = \"accept\"; size_over = 1000000; }, { verdict = \"reject\"; } );",
	     "a declared size over 1000000 bytes"},
	    {"mail = ( { verdict = \"reject\"; size_over = 0; } );", "no declared size"},
	    {"mail = ( { verdict = \"accept\"; size_over = 0; }, { verdict = \"reject\"; } );", "a declared size"},
	    {"mail = ( { verdict = \"reject\"; tls = 40; unless = { tls = 128; }; } );",
	     "no TLS of at least 40 bits; or TLS of at least 128 bits"},
	};

	WALK(rows, false, 0);
}

Test(wording, logins)
{
	static const struct row rows[] = {
	    {"mail = ( { verdict = \"reject\"; user = [ \"@staff\" ]; } );", "login is not in @staff"},
	    {"mail = ( { verdict = \"reject\"; user = [ \"bob\" ]; } );", "login is not bob"},
	    {"auth = { mode = \"required\"; mechanisms = [ \"PLAIN\", \"LOGIN\" ]; };", "mechanism is PLAIN or LOGIN"},
	    {"mail = ( { verdict = \"reject\"; mechanism = [ \"NTLM\" ]; } );", "mechanism is not NTLM"},
	    {"mail = ( { verdict = \"reject\"; mechanism = [ \"A\", \"B\", \"C\" ]; } );",
	     "mechanism is not A, B or C"},
	};

	WALK(rows, true, 0);
}

Test(wording, what_all_ways_have_in_common_stands_alone)
{
	static const struct row rows[] = {
	    {"mail = ( { verdict = \"reject\"; tls = false; }, { verdict = \"reject\"; helo = [ \"x\" ]; } );",
	     "HELO is not x | TLS"},
	    {"mail = ( { verdict = \"reject\"; tls = false; }, { verdict = \"accept\"; helo = [ \"x\" ]; },\n"
	     "  { verdict = \"accept\"; sender = [ \"@bulk\" ]; size_over = 9; }, { verdict = \"reject\"; } );",
	     "TLS | HELO is x; or sender is in @bulk and a declared size over 9 bytes"},
	    /* A rule that makes no difference is not spoken of. */
	    {"mail = ( { verdict = \"accept\"; helo = [ \"x\" ]; }, { verdict = \"accept\"; tls = true; } );", ""},
	    /* Of two ways the second need not say that it is not the first. */
	    {"mail = ( { verdict = \"accept\"; helo = [ \"x\" ]; client_name = [ \"@partners\" ]; },\n"
	     "  { verdict = \"accept\"; sender = [ \"@bulk\" ]; }, { verdict = \"reject\"; } );",
	     "sender is in @bulk; or verified name is in @partners and HELO is x"},
	};

	WALK(rows, false, 0);
}

Test(wording, long_lists_are_cut_for_people)
{
	static const struct row cut[] = {
	    {"helo = ( { verdict = \"reject\"; helo = [ \"a\", \"b\", \"c\" ]; } );", "HELO is not in a, b, c"},
	    {"helo = ( { verdict = \"reject\"; helo = [ \"a\", \"b\", \"c\", \"d\" ]; } );",
	     "HELO is not in a, b and 2 more (a.conf:6)"},
	    {"helo = ( { verdict = \"accept\"; helo = [ \"a\" ]; }, { verdict = \"accept\"; helo = [ \"b\" ]; },\n"
	     "  { verdict = \"accept\"; helo = [ \"c\" ]; }, { verdict = \"accept\"; helo = [ \"d\" ]; },\n"
	     "  { verdict = \"reject\"; } );",
	     "HELO is a; or HELO is b; or 2 other ways"},
	};
	static const struct row whole[] = {
	    {"helo = ( { verdict = \"reject\"; helo = [ \"a\", \"b\", \"c\", \"d\" ]; } );",
	     "HELO is not in a, b, c, d"},
	};

	WALK(cut, false, 2);
	WALK(whole, false, 0);
}
