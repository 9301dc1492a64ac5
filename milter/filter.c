#include "milter/filter.h"

#include <assert.h>
#include <errno.h>
#include <libmilter/mfapi.h>

#include "milter/adapter.h"
#include "milter/log.h"
#include "milter/macros.h"
#include "milter/negotiation.h"
#include "policy/limits.h"
#include "policy/needs.h"

/* What the connections of this process are judged by, and written to: libmilter's callbacks have no argument of ours.
 */
static struct snapshots *serving;
static const struct ledger *written_to;

static_assert((int)PLACE_CONNECT == SMFIM_CONNECT && (int)PLACE_HELO == SMFIM_HELO &&
                  (int)PLACE_MAIL == SMFIM_ENVFROM && (int)PLACE_RCPT == SMFIM_ENVRCPT &&
                  (int)PLACE_DATA == SMFIM_DATA && (int)PLACE_MESSAGE_END == SMFIM_EOM &&
                  (int)PLACE_HEADERS_END == SMFIM_EOH && PLACE_COUNT == SMFIM_LAST + 1,
              "places are libmilter's");

static const sfsistat statuses[] = {
    [ANSWER_CONTINUE] = SMFIS_CONTINUE,
    [ANSWER_ACCEPT] = SMFIS_ACCEPT,
    [ANSWER_TEMPFAIL] = SMFIS_TEMPFAIL,
    [ANSWER_REJECT] = SMFIS_REJECT,
};
static_assert(sizeof statuses / sizeof *statuses == ANSWER_COUNT, "every answer has a status");

static const char *macro(void *context, const char *name)
{
	return smfi_getsymval(context, (char *)name);
}

static bool set_reply(void *context, const char *code, const char *enhanced, const char *const *lines, size_t count)
{
	char *all[LIMIT_REPLY_LINES] = {NULL};
	char *const *l = all;

	for (size_t i = 0; i < count; i++)
		all[i] = (char *)lines[i];
	static_assert(LIMIT_REPLY_LINES == 32, "as many arguments as a reply may have lines");
	return smfi_setmlreply(context, (char *)code, (char *)enhanced, l[0], l[1], l[2], l[3], l[4], l[5], l[6], l[7],
	                       l[8], l[9], l[10], l[11], l[12], l[13], l[14], l[15], l[16], l[17], l[18], l[19], l[20],
	                       l[21], l[22], l[23], l[24], l[25], l[26], l[27], l[28], l[29], l[30], l[31],
	                       (char *)NULL) == MI_SUCCESS;
}

/* Makes the connection's adapter; where there is no memory, the log says so and the next event tries again. */
static struct adapter *begin(SMFICTX *context, bool macros_offered)
{
	const struct mta mta = {.macro = macro, .set_reply = set_reply, .context = context};
	struct adapter *adapter = adapter_new(serving, written_to, &mta, macros_offered);

	if (adapter == NULL)
		log_error(log_none, "no memory for a connection");
	else
		smfi_setpriv(context, adapter);
	return adapter;
}

/* What no adapter can judge. */
static sfsistat refuse_for_now(void)
{
	log_error(log_none, "an event of a connection that did not begin: refused for now");
	return SMFIS_TEMPFAIL;
}

/* The macros to ask for, the same for every connection. */
static char macros[PLACE_COUNT][MACROS_LIST];

/* Asks for the macros of all places; a list that is not given leaves the MTA's own in force. */
static bool ask_for_macros(SMFICTX *context)
{
	for (unsigned place = 0; place < PLACE_COUNT; place++) {
		if (smfi_setsymlist(context, (int)place, macros[place]) != MI_SUCCESS)
			return false;
	}
	return true;
}

/* What is asked for where there is no adapter to say it. */
static const struct needs everything = {
    .told = {true, true, true, true, true},
    .answered = {[STAGE_MAIL] = true, [STAGE_RCPT] = true, [STAGE_DATA] = true},
};

static sfsistat negotiate(SMFICTX *context, unsigned long actions, unsigned long steps, unsigned long unused2,
                          unsigned long unused3, unsigned long *ret_actions, unsigned long *ret_steps,
                          unsigned long *ret_unused2, unsigned long *ret_unused3)
{
	bool offered = (actions & SMFIF_SETSYMLIST) != 0 && ask_for_macros(context);
	const struct adapter *adapter = begin(context, offered);

	(void)unused2;
	(void)unused3;
	*ret_actions = offered ? SMFIF_SETSYMLIST : 0;
	*ret_steps = steps & negotiation_steps(adapter != NULL ? adapter_needs(adapter) : &everything);
	*ret_unused2 = 0;
	*ret_unused3 = 0;
	return SMFIS_CONTINUE;
}

/* The answer to a stage that refuses nothing itself: none, unless the MTA was asked to wait for one. */
static sfsistat heard(const struct adapter *adapter, enum stage stage)
{
	return adapter != NULL && adapter_needs(adapter)->answered[stage] ? SMFIS_CONTINUE : SMFIS_NOREPLY;
}

static sfsistat on_connect(SMFICTX *context, char *host, struct sockaddr *peer)
{
	struct adapter *adapter = smfi_getpriv(context);

	if (adapter == NULL) {
		log_error(log_none, "a connection began without negotiation");
		adapter = begin(context, false);
	}
	if (adapter != NULL)
		adapter_connect(adapter, host, peer);
	return heard(adapter, STAGE_CONNECT); /* without an adapter, too: MAIL is refused */
}

static sfsistat on_helo(SMFICTX *context, char *name)
{
	struct adapter *adapter = smfi_getpriv(context);

	if (adapter == NULL)
		return SMFIS_CONTINUE; /* nothing was negotiated, or nothing began: MAIL is refused */
	adapter_helo(adapter, name);
	return heard(adapter, STAGE_HELO);
}

static sfsistat on_mail(SMFICTX *context, char **arguments)
{
	struct adapter *adapter = smfi_getpriv(context);

	return adapter != NULL ? statuses[adapter_mail(adapter, arguments)] : refuse_for_now();
}

static sfsistat on_rcpt(SMFICTX *context, char **arguments)
{
	struct adapter *adapter = smfi_getpriv(context);

	return adapter != NULL ? statuses[adapter_rcpt(adapter, arguments)] : refuse_for_now();
}

static sfsistat on_data(SMFICTX *context)
{
	struct adapter *adapter = smfi_getpriv(context);

	return adapter != NULL ? statuses[adapter_data(adapter)] : refuse_for_now();
}

static sfsistat on_message_end(SMFICTX *context)
{
	struct adapter *adapter = smfi_getpriv(context);

	return adapter != NULL ? statuses[adapter_message_end(adapter)] : refuse_for_now();
}

static sfsistat on_abort(SMFICTX *context)
{
	struct adapter *adapter = smfi_getpriv(context);

	if (adapter != NULL)
		adapter_abort(adapter);
	return SMFIS_CONTINUE;
}

static sfsistat on_close(SMFICTX *context)
{
	adapter_free(smfi_getpriv(context));
	smfi_setpriv(context, NULL);
	return SMFIS_CONTINUE;
}

bool filter_register(struct snapshots *snapshots, const struct ledger *ledger, const char *connection_string)
{
	static char name[] = "sallyport";
	const struct smfiDesc description = {
	    .xxfi_name = name,
	    .xxfi_version = SMFI_VERSION,
	    .xxfi_flags = SMFIF_SETSYMLIST,
	    .xxfi_negotiate = negotiate,
	    .xxfi_connect = on_connect,
	    .xxfi_helo = on_helo,
	    .xxfi_envfrom = on_mail,
	    .xxfi_envrcpt = on_rcpt,
	    .xxfi_data = on_data,
	    .xxfi_eom = on_message_end,
	    .xxfi_abort = on_abort,
	    .xxfi_close = on_close,
	};

	serving = snapshots;
	written_to = ledger;
	for (unsigned place = 0; place < PLACE_COUNT; place++)
		macros_list((enum macro_place)place, macros[place]);
	return smfi_setconn((char *)connection_string) == MI_SUCCESS && smfi_register(description) == MI_SUCCESS;
}

bool filter_open(void)
{
	errno = 0;
	return smfi_opensocket(false) == MI_SUCCESS;
}

void filter_serve(void)
{
	smfi_main();
}
