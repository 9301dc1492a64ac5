/*
 * A report as one page that needs nothing else: no script, no network, light and dark.
 */
#include <string.h>

#include "milter/ledger/figure.h"
#include "milter/ledger/newcomers.h"
#include "milter/ledger/report.h"
#include "milter/ledger/report_chart.h"
#include "milter/ledger/watch.h"
#include "policy/limits.h"

static const char style[] =
    ":root{color-scheme:light dark;--ground:#f7f7f5;--card:#fff;--ink:#1d1d1b;--quiet:#62615c;--rule:#dedcd5;"
    "--in:#2b6cc4;--out:#d07a12;--none:#8a8880;--refused:#b4443a}\n"
    "@media(prefers-color-scheme:dark){:root{--ground:#161615;--card:#1f1f1e;--ink:#eeece7;--quiet:#a9a7a0;"
    "--rule:#3b3a37;--in:#6ba5f2;--out:#eda348;--none:#918f87;--refused:#ea8277}}\n"
    "*{box-sizing:border-box}\n"
    "body{margin:0 auto;padding:24px;max-width:1160px;background:var(--ground);color:var(--ink);"
    "font:15px/1.45 system-ui,sans-serif}\n"
    "h1{font-size:24px;margin:0}h2{font-size:16px;margin:0 0 8px}p{margin:4px 0}\n"
    ".quiet{color:var(--quiet)}\n"
    "section{background:var(--card);border:1px solid var(--rule);border-radius:8px;padding:16px 20px;"
    "margin:16px 0 0;overflow-x:auto}\n"
    ".pair{display:grid;grid-template-columns:repeat(auto-fit,minmax(330px,1fr));gap:0 16px}\n"
    ".big{font-size:34px;font-weight:600;line-height:1.15;font-variant-numeric:tabular-nums}\n"
    "table{border-collapse:collapse;width:100%}\n"
    "th,td{text-align:left;padding:4px 0 4px 16px;border-top:1px solid var(--rule);vertical-align:middle}\n"
    "th:first-child,td:first-child{padding-left:0}\n"
    "thead th{border-top:0;color:var(--quiet);font-weight:500;font-size:13px}tbody th{font-weight:400}\n"
    ".n{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}\n"
    ".t{overflow-wrap:anywhere;min-width:9em}\n"
    "svg{display:block}.plot{width:100%;min-width:640px;height:auto}\n"
    "svg text{fill:var(--quiet);font:12px system-ui,sans-serif}\n"
    ".grid{stroke:var(--rule)}.axis{stroke:var(--quiet)}\n"
    ".in{fill:var(--in)}.out{fill:var(--out)}.none{fill:var(--none)}.refused{fill:var(--refused)}\n"
    ".key{display:inline-block;width:11px;height:11px;border-radius:2px;margin:0 6px 0 0}\n"
    ".key.alarm{background:var(--refused)}"
    ".key.in{background:var(--in)}.key.out{background:var(--out)}.key.none{background:var(--none)}\n"
    ".legend>span{margin-right:18px}\n"
    "footer{margin:16px 0 0;color:var(--quiet);font-size:13px}\n"
    "@media print{body{max-width:none;padding:0}section{break-inside:avoid}}\n";

/*
 * Bytes of the character that the text begins with, where it cannot be seen, or turns the direction of others;
 * else 0.  In UTF-8: controls, zero width and direction (U+200B to 200F, 202A to 202E, 2060 to 206F), U+FEFF.
 */
static size_t hidden(const char *text)
{
	const unsigned char *bytes = (const unsigned char *)text;

	if (bytes[0] < 0x20 || bytes[0] == 0x7f)
		return 1;
	if (bytes[0] == 0xc2 && bytes[1] >= 0x80 && bytes[1] < 0xa0)
		return 2;
	if (bytes[0] == 0xe2 && bytes[1] == 0x80)
		return (bytes[2] >= 0x8b && bytes[2] <= 0x8f) || (bytes[2] >= 0xaa && bytes[2] <= 0xae) ? 3 : 0;
	if (bytes[0] == 0xe2 && bytes[1] == 0x81)
		return bytes[2] >= 0xa0 && bytes[2] <= 0xaf ? 3 : 0;
	return bytes[0] == 0xef && bytes[1] == 0xbb && bytes[2] == 0xbf ? 3 : 0;
}

/* Text of others: none of it is markup, and none of it hides. */
static void print_text(const char *text, FILE *stream)
{
	for (; *text != '\0'; text++) {
		size_t bytes = hidden(text);

		if (bytes > 0) {
			fputc('?', stream);
			text += bytes - 1;
			continue;
		}
		switch (*text) {
		case '&':
			fputs("&amp;", stream);
			break;
		case '<':
			fputs("&lt;", stream);
			break;
		case '>':
			fputs("&gt;", stream);
			break;
		case '"':
			fputs("&quot;", stream);
			break;
		case '\'':
			fputs("&#39;", stream);
			break;
		default:
			fputc(*text, stream);
		}
	}
}

static void print_count(uint64_t count, FILE *stream)
{
	char text[FIGURE_TEXT];

	figure_count(count, text);
	fprintf(stream, "<td class=\"n\">%s</td>", text);
}

static void print_bytes(uint64_t bytes, FILE *stream)
{
	char text[FIGURE_TEXT];

	figure_bytes(bytes, text);
	fprintf(stream, "<td class=\"n\">%s</td>", text);
}

static void print_name(const char *name, FILE *stream)
{
	fputs("<th scope=\"row\" class=\"t\"><bdi>", stream);
	print_text(name, stream);
	fputs("</bdi></th>", stream);
}

static void print_row(const char *label, uint64_t count, FILE *stream)
{
	fprintf(stream, "<tr><th scope=\"row\">%s</th>", label);
	print_count(count, stream);
	fputs("</tr>\n", stream);
}

static const char *side_title(enum tally_side side)
{
	static const char *const titles[] = {"Inbound", "Outbound", "No listener"};

	return titles[side];
}

static void print_total(const struct report *report, enum tally_side side, FILE *stream)
{
	const struct volume *volume = &report->tally->sides[side];
	char text[FIGURE_TEXT];

	figure_count(volume->messages[RECORD_ACCEPTED], text);
	fprintf(stream,
	        "<section><h2><span class=\"key %s\"></span>%s</h2><div class=\"big\">%s</div>"
	        "<p class=\"quiet\">messages accepted</p>\n<table><tbody>\n",
	        report_chart_class(side), side_title(side), text);
	print_row("Their accepted recipients", volume->carried, stream);
	print_row("of which relay", volume->relayed, stream);
	fputs("<tr><th scope=\"row\">Bytes, as declared</th>", stream);
	print_bytes(volume->bytes, stream);
	fputs("</tr>\n", stream);
	print_row("Messages that declared none", volume->undeclared, stream);
	print_row("Messages refused", volume->messages[RECORD_REFUSED], stream);
	print_row("Sessions refused before a message", volume->sessions, stream);
	print_row("Messages abandoned by the client", volume->messages[RECORD_ABANDONED], stream);
	print_row("Recipients rejected", volume->recipients[VERDICT_REJECT], stream);
	print_row("Recipients put off", volume->recipients[VERDICT_TEMPFAIL], stream);
	fputs("</tbody></table></section>\n", stream);
}

static void print_suspect(const struct report *report, const struct watch_suspect *suspect, FILE *stream)
{
	char address[LIMIT_NETWORK_TEXT], time[CALENDAR_TEXT], figures[WATCH_TEXT];

	address_to_text(&suspect->client, address);
	calendar_write_second(report->tally->period.local, (time_t)(suspect->since / 1000), time);
	watch_describe(suspect, figures);
	fputs("<tr>", stream);
	print_name(address, stream);
	fputs("<td class=\"t\"><bdi>", stream);
	print_text(*suspect->listener != '\0' ? suspect->listener : "several listeners", stream);
	fprintf(stream, "</bdi></td><td>%s</td><td class=\"n\">%s</td></tr>\n", figures, time);
}

static void print_suspects(const struct report *report, FILE *stream)
{
	size_t shown = report->suspect_count < report->rows ? report->suspect_count : report->rows;

	if (shown == 0)
		return;
	fputs("<section><h2><span class=\"key alarm\"></span>May relay without a login, and do not look like one "
	      "client</h2>\n<p class=\"quiet\">If a router or proxy forwards with such an address, the whole internet "
	      "may "
	      "relay.</p>\n<table><thead><tr><th>Address</th><th>Listener</th><th>Seen within a day</th>"
	      "<th class=\"n\">Since</th></tr></thead><tbody>\n",
	      stream);
	for (size_t i = 0; i < shown; i++)
		print_suspect(report, &report->suspects[i], stream);
	fputs("</tbody></table>\n", stream);
	if (report->suspect_count > shown)
		fprintf(stream, "<p class=\"quiet\">And %zu more.</p>\n", report->suspect_count - shown);
	fputs("</section>\n", stream);
}

static void print_legend(unsigned sides, FILE *stream)
{
	fputs("<p class=\"legend quiet\">", stream);
	for (unsigned side = 0; side < sides; side++)
		fprintf(stream, "<span><span class=\"key %s\"></span>%s</span>",
		        report_chart_class((enum tally_side)side), side_title((enum tally_side)side));
	fputs("</p>\n", stream);
}

static void print_times(const struct report *report, FILE *stream)
{
	const char *unit = calendar_unit_name(timeline_unit(report->tally->timeline));

	fprintf(stream, "<section><h2>Messages accepted per %s</h2>\n", unit);
	print_legend(TALLY_NEITHER, stream);
	report_chart_accepted(report, stream);
	fprintf(stream, "</section>\n<section><h2>Messages and sessions refused per %s</h2>\n", unit);
	report_chart_refused(report, stream);
	fputs("</section>\n", stream);
}

static void print_listeners(const struct report *report, FILE *stream)
{
	const struct tally *tally = report->tally;

	fputs("<section><h2>Listeners</h2>\n<table><thead><tr><th>Listener</th><th>Direction</th><th>Accepted over "
	      "time, each by its own scale</th><th class=\"n\">Accepted</th><th class=\"n\">Refused</th><th "
	      "class=\"n\">Recipients</th>"
	      "<th class=\"n\">Bytes</th></tr></thead><tbody>\n",
	      stream);
	for (size_t i = 0; i < tally->listener_count; i++) {
		const struct tally_listener *listener = &tally->listeners[i];

		fputs("<tr>", stream);
		print_name(report_listener(listener), stream);
		fprintf(stream, "<td>%s</td><td>",
		        listener->side != TALLY_NEITHER ? tally_side_name(listener->side) : "");
		report_chart_sparks(report, i, stream);
		fputs("</td>", stream);
		print_count(listener->volume.messages[RECORD_ACCEPTED], stream);
		print_count(volume_refused(&listener->volume), stream);
		print_count(listener->volume.carried, stream);
		print_bytes(listener->volume.bytes, stream);
		fputs("</tr>\n", stream);
	}
	fputs("</tbody></table></section>\n", stream);
}

/* What a list of so many rows does not show, or not exactly. */
static void print_rest(const struct report *report, enum tally_top top, size_t shown, FILE *stream)
{
	const struct top *all = report->tally->tops[top];
	uint64_t error = report_error(report, shown);
	char count[FIGURE_TEXT];

	if (top_size(all) > shown) {
		figure_count(top_size(all) - shown, count);
		fprintf(stream, "<p class=\"quiet\">And %s%s more.</p>\n", top_exact(all) ? "" : "at least ", count);
	}
	if (error > 0) {
		figure_count(error, count);
		fprintf(stream,
		        "<p class=\"quiet\">There were too many to count each: these may have come up to %s times "
		        "less%s.</p>\n",
		        count,
		        top == TALLY_CLIENTS || top == TALLY_LOGINS ? ", and what stands behind may be too low" : "");
	}
}

static void print_reasons(struct report *report, FILE *stream)
{
	const unsigned sides = report_sides(report);
	size_t count = report_list(report, TALLY_REASONS);
	uint64_t most = count > 0 ? report->entries[0]->count : 0;

	fputs("<section><h2>Refused, by what</h2>\n", stream);
	if (count == 0) {
		fputs("<p class=\"quiet\">Nothing was refused.</p></section>\n", stream);
		return;
	}
	print_legend(sides, stream);
	fputs("<table><thead><tr><th>Rule or cause</th><th>Stage</th><th></th>", stream);
	for (unsigned side = 0; side < sides; side++)
		fprintf(stream, "<th class=\"n\">%s</th>", side_title((enum tally_side)side));
	fputs("</tr></thead><tbody>\n", stream);
	for (size_t i = 0; i < count; i++) {
		const struct top_entry *entry = report->entries[i];
		struct tally_reason reason;
		char text[2 * TOP_TEXT];

		tally_read_reason(entry, &reason);
		report_reason(&reason, SIZE_MAX, text, sizeof text);
		fputs("<tr>", stream);
		print_name(text, stream);
		fputs("<td>", stream);
		print_text(reason.stage, stream);
		fputs("</td><td>", stream);
		report_chart_bar(entry->extras, sides, most, stream);
		fputs("</td>", stream);
		for (unsigned side = 0; side < sides; side++)
			print_count(entry->extras[side], stream);
		fputs("</tr>\n", stream);
	}
	fputs("</tbody></table>\n<p class=\"quiet\">Each refusal counts: of a session, of a message, and of each "
	      "recipient.</p>\n",
	      stream);
	print_rest(report, TALLY_REASONS, count, stream);
	fputs("</section>\n", stream);
}

static void print_parties(struct report *report, enum tally_top top, const char *title, const char *what, FILE *stream)
{
	size_t count = report_list(report, top);

	fprintf(stream, "<section><h2>%s</h2>\n", title);
	if (count == 0) {
		fputs("<p class=\"quiet\">None.</p></section>\n", stream);
		return;
	}
	fprintf(stream,
	        "<table><thead><tr><th>%s</th><th class=\"n\">All</th><th class=\"n\">Accepted</th>"
	        "<th class=\"n\">Refused</th><th class=\"n\">Recipients</th><th class=\"n\">Bytes</th></tr></thead>"
	        "<tbody>\n",
	        what);
	for (size_t i = 0; i < count; i++) {
		const struct top_entry *entry = report->entries[i];

		fputs("<tr>", stream);
		print_name(entry->text, stream);
		print_count(entry->count, stream);
		print_count(entry->extras[TALLY_ACCEPTED], stream);
		print_count(entry->extras[TALLY_REFUSED], stream);
		print_count(entry->extras[TALLY_CARRIED], stream);
		print_bytes(entry->extras[TALLY_BYTES], stream);
		fputs("</tr>\n", stream);
	}
	fputs("</tbody></table>\n", stream);
	print_rest(report, top, count, stream);
	fputs("</section>\n", stream);
}

static void print_senders(struct report *report, FILE *stream)
{
	size_t count = report_list(report, TALLY_SENDERS);

	fputs("<section><h2>Refused senders</h2>\n", stream);
	if (count == 0) {
		fputs("<p class=\"quiet\">None.</p></section>\n", stream);
		return;
	}
	fputs("<table><thead><tr><th>Sender</th><th class=\"n\">Messages</th></tr></thead><tbody>\n", stream);
	for (size_t i = 0; i < count; i++) {
		fputs("<tr>", stream);
		print_name(report->entries[i]->text, stream);
		print_count(report->entries[i]->count, stream);
		fputs("</tr>\n", stream);
	}
	fputs("</tbody></table>\n", stream);
	print_rest(report, TALLY_SENDERS, count, stream);
	fputs("</section>\n", stream);
}

static void print_newcomer(const struct report *report, const struct newcomer *newcomer, FILE *stream)
{
	char text[CALENDAR_TEXT];

	calendar_write_second(report->tally->period.local, (time_t)(newcomer->first / 1000), text);
	fputs("<tr>", stream);
	print_name(newcomer->name, stream);
	fprintf(stream, "<td>%s</td><td class=\"n\">%s</td>", newcomer->login ? "login" : "client", text);
	print_count(newcomer->recipients, stream);
	fputs("</tr>\n", stream);
}

static void print_newcomers(const struct report *report, FILE *stream)
{
	const struct tally *tally = report->tally;
	size_t shown = report->newcomer_count < report->rows ? report->newcomer_count : report->rows;
	char text[CALENDAR_TEXT];

	fputs("<section><h2>Relayed for the first time</h2>\n", stream);
	if (report->newcomers == NULL) {
		fputs("<p class=\"quiet\">Not known: the logs have nothing from before this time.</p></section>\n",
		      stream);
		return;
	}
	calendar_write(tally->period.local, CALENDAR_HOUR, (time_t)(tally->earliest / 1000), text);
	fprintf(stream, "<p class=\"quiet\">Not before in the logs, which begin at %s.</p>\n", text);
	if (shown > 0) {
		fputs("<table><thead><tr><th>Who</th><th></th><th class=\"n\">First time</th>"
		      "<th class=\"n\">Relay recipients</th></tr></thead><tbody>\n",
		      stream);
		for (size_t i = 0; i < shown; i++)
			print_newcomer(report, report->newcomers[i], stream);
		fputs("</tbody></table>\n", stream);
	} else {
		fputs("<p>Nobody.</p>\n", stream);
	}
	if (report->newcomer_count > shown)
		fprintf(stream, "<p class=\"quiet\">And %zu more.</p>\n", report->newcomer_count - shown);
	if (newcomers_missed(tally->newcomers) > 0)
		fputs("<p class=\"quiet\">More clients and logins relay than can be remembered: some are not looked "
		      "at.</p>\n",
		      stream);
	fputs("</section>\n", stream);
}

static void print_head(const char *period, FILE *stream)
{
	fprintf(stream,
	        "<!DOCTYPE html>\n<html lang=\"en\" xmlns=\"http://www.w3.org/1999/xhtml\"><head>"
	        "<meta charset=\"utf-8\"/>\n"
	        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
	        "style-src 'unsafe-inline'\"/>\n"
	        "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>\n"
	        "<title>Mail of %s</title>\n<style>\n%s</style></head>\n<body>\n<h1>Mail of %s</h1>\n",
	        period, style, period);
}

static void print_foot(const struct report *report, FILE *stream)
{
	char left_out[REPORT_LEFT_OUT_TEXT], records[FIGURE_TEXT];

	report_left_out(report, left_out);
	figure_count(report->tally->inside, records);
	fprintf(stream, "<footer><p>From %s records of decisions on mail. Bytes are what clients declared.</p>\n",
	        records);
	if (*left_out != '\0')
		fprintf(stream, "<p>%s.</p>\n", left_out);
	fputs("</footer>\n</body></html>\n", stream);
}

bool report_print_html(struct report *report, FILE *stream)
{
	char period[REPORT_PERIOD_TEXT];

	report_period(report, period);
	print_head(period, stream);
	if (report->tally->inside == 0) {
		fputs("<p>There is nothing of it in the logs.</p>\n", stream);
		print_foot(report, stream);
		return true;
	}
	fputs("<div class=\"pair\">\n", stream);
	for (unsigned side = 0; side < report_sides(report); side++)
		print_total(report, (enum tally_side)side, stream);
	fputs("</div>\n", stream);
	print_suspects(report, stream);
	print_times(report, stream);
	print_listeners(report, stream);
	print_reasons(report, stream);
	print_parties(report, TALLY_CLIENTS, "Busiest clients", "Client", stream);
	print_parties(report, TALLY_LOGINS, "Busiest logins", "Login", stream);
	fputs("<div class=\"pair\">\n", stream);
	print_senders(report, stream);
	print_newcomers(report, stream);
	fputs("</div>\n", stream);
	print_foot(report, stream);
	return true;
}
