#include "policy/decide.h"

#include <assert.h>
#include <stddef.h>

#include "policy/condition.h"
#include "policy/ruleset.h"

/* What this program itself says, where no rule has words of its own. */
static const struct reply name_unavailable = {450, "4.7.1", "Cannot look up your name, try again later"};
static const struct reply broken = {451, "4.3.0", "Cannot judge this just now, try again later"};
static const struct reply access_denied = {550, "5.7.1", "Access denied for {client}"};
static const struct reply not_authenticated = {530, "5.7.0", "Authentication required"};
static const struct reply authenticated_here = {550, "5.7.1", "Authentication is not accepted here"};
static const struct reply user_refused = {550, "5.7.1", "{user} may not send here"};
static const struct reply mechanism_refused = {550, "5.7.1", "{user} may not log in this way"};
static const struct reply tls_required = {530, "5.7.0", "Must issue a STARTTLS command first"};
static const struct reply relay_refused = {550, "5.7.1", "Unable to relay for {recipient}"};
static const struct reply recipient_unreadable = {501, "5.1.3", "Bad recipient address syntax"};
static const struct reply sender_unreadable = {501, "5.1.7", "Bad sender address syntax"};
static const struct reply no_listener = {451, "4.3.5", "No policy for this listener"};
static const struct reply no_client = {451, "4.3.0", "Client address unknown"};
static const struct reply no_macros = {451, "4.3.5", "The policy service cannot ask for what it needs"};
static const struct reply nat_watch = {451, "4.7.1", "Relaying from {client} is put off for now"};

static const char *const cause_names[] = {
    [CAUSE_NOTHING] = "nothing",
    [CAUSE_RULE] = "rule",
    [CAUSE_BLOCK] = "block",
    [CAUSE_NO_BLOCK] = "no relay block",
    [CAUSE_SYNTAX] = "syntax",
    [CAUSE_NAME] = "client name unavailable",
    [CAUSE_BROKEN] = "fact not comparable",
    [CAUSE_NO_LISTENER] = "no listener",
    [CAUSE_NO_CLIENT] = "no client address",
    [CAUSE_NO_MACROS] = "no macros",
    [CAUSE_NAT_WATCH] = "nat watch",
    [CAUSE_INTERNAL] = "internal",
    [CAUSE_OPEN] = "open",
};
static_assert(sizeof cause_names / sizeof *cause_names == CAUSE_COUNT, "every cause has a name");

const char *cause_name(enum decision_cause cause)
{
	return cause_names[cause];
}

static enum truth all_hold(const struct conditions *conditions, const struct facts *facts)
{
	enum truth truth = TRUTH_YES;

	for (size_t i = 0; i < conditions->count && truth != TRUTH_NO; i++) {
		const struct condition *condition = &conditions->list[i];

		truth = truth_and(truth, condition_row(condition->kind)->holds(condition, facts));
	}
	return truth;
}

static enum truth rule_matches_reading(const struct rule *rule, const struct facts *facts)
{
	enum truth truth = all_hold(&rule->conditions, facts);

	if (rule->local_only && facts->relay)
		truth = TRUTH_NO;
	if (rule->unless.count > 0 && truth != TRUTH_NO)
		truth = truth_and(truth, truth_not(all_hold(&rule->unless, facts)));
	return truth;
}

static bool names_recipients(const struct rule *rule)
{
	for (size_t i = 0; i < rule->conditions.count; i++)
		if (rule->conditions.list[i].kind == CONDITION_RECIPIENT)
			return true;
	return false;
}

enum truth rule_matches(const struct rule *rule, const struct facts *facts)
{
	enum truth written = rule_matches_reading(rule, facts);
	enum truth read;

	if (facts->reading == NULL)
		return written;
	read = rule_matches_reading(rule, facts->reading);
	if (rule->verdict != VERDICT_ACCEPT)
		return truth_or(written, read);
	return facts->reading->routes && names_recipients(rule) ? TRUTH_NO : truth_and(written, read);
}

static enum truth in_set(const struct facts *facts, enum fact fact, struct optional_set set)
{
	return set.given ? fact_in_set(facts, fact, set.set) : TRUTH_NO;
}

/* A decision of a rule or block; whether it depends on a fact that is not to be had is in truth. */
static struct decision settle(struct decision decision, enum truth truth)
{
	switch (truth) {
	case TRUTH_OPEN:
		decision.verdict = VERDICT_TEMPFAIL;
		decision.cause = CAUSE_OPEN;
		decision.reply = &broken;
		break;
	case TRUTH_UNAVAILABLE:
		decision.verdict = VERDICT_TEMPFAIL;
		decision.cause = CAUSE_NAME;
		decision.reply = &name_unavailable;
		break;
	case TRUTH_BROKEN:
		decision.verdict = VERDICT_TEMPFAIL;
		decision.cause = CAUSE_BROKEN;
		decision.reply = &broken;
		break;
	case TRUTH_NO:
	case TRUTH_YES:
		break;
	}
	return decision;
}

static struct decision block_decision(enum stage stage, const char *block, const struct location *where,
                                      const struct reply *refusal)
{
	return (struct decision){
	    .stage = stage,
	    .verdict = refusal == NULL ? VERDICT_ACCEPT : VERDICT_REJECT,
	    .cause = CAUSE_BLOCK,
	    .reply = refusal,
	    .rule = block,
	    .by = where,
	};
}

static struct decision ask_connection(const struct connection_block *block, const struct facts *facts)
{
	enum truth listed =
	    truth_or(in_set(facts, FACT_CLIENT, block->clients), in_set(facts, FACT_CLIENT_NAME, block->names));
	enum truth admitted = block->mode == MODE_ONLY ? listed : truth_not(listed);
	const struct reply *refusal = block->reply != NULL ? block->reply : &access_denied;

	return settle(
	    block_decision(STAGE_CONNECT, "connection", &block->where, admitted == TRUTH_YES ? NULL : refusal),
	    admitted);
}

/*
 * Whether the block admits the login, asked in the contract's order.  Unless
 * that is TRUTH_YES, *ret_refusal is what it says to it.
 */
static enum truth admits_login(const struct auth_block *block, const struct facts *facts,
                               const struct reply **ret_refusal)
{
	enum truth user = block->users.given ? in_set(facts, FACT_USER, block->users) : TRUTH_YES;
	enum truth mechanism = block->mechanisms.given ? in_set(facts, FACT_MECHANISM, block->mechanisms) : TRUTH_YES;

	*ret_refusal = &authenticated_here;
	if (block->mode == AUTH_FORBIDDEN)
		return TRUTH_NO;
	*ret_refusal = &user_refused;
	if (user != TRUTH_YES)
		return user;
	*ret_refusal = &mechanism_refused;
	if (mechanism != TRUTH_YES)
		return mechanism;
	*ret_refusal = &tls_required;
	return fact_at_least(facts, FACT_TLS, block->tls_bits);
}

static struct decision ask_auth(const struct auth_block *block, const struct facts *facts)
{
	const struct reply *refusal = &not_authenticated;
	enum truth admitted = block->mode == AUTH_REQUIRED ? TRUTH_NO : TRUTH_YES;

	if (facts->authenticated)
		admitted = admits_login(block, facts, &refusal);
	if (block->reply != NULL)
		refusal = block->reply;
	return settle(block_decision(STAGE_MAIL, "auth", &block->where, admitted == TRUTH_YES ? NULL : refusal),
	              admitted);
}

/* Whether the login lets the client relay, whatever the lists say. */
static enum truth login_relays(const struct listener *listener, const struct facts *facts)
{
	const struct relay_block *block = listener->relay;
	const struct reply *refusal;
	enum truth admitted = TRUTH_YES;

	if (!block->authenticated || !facts->authenticated)
		return TRUTH_NO;
	if (listener->auth != NULL)
		admitted = admits_login(listener->auth, facts, &refusal);
	return truth_and(admitted, block->users.given ? in_set(facts, FACT_USER, block->users) : TRUTH_YES);
}

static struct decision ask_relay(const struct listener *listener, const struct facts *facts)
{
	const struct relay_block *block = listener->relay;
	const struct reply *refusal = &relay_refused;
	enum truth listed, may;

	if (block == NULL && facts->relay)
		return (struct decision){STAGE_RCPT,     VERDICT_REJECT, CAUSE_NO_BLOCK,
		                         &relay_refused, "relay",        &listener->where};
	if (block == NULL)
		return (struct decision){.stage = STAGE_RCPT, .cause = CAUSE_NOTHING};
	if (!facts->relay)
		return block_decision(STAGE_RCPT, "relay", &block->where, NULL);
	listed = truth_or(in_set(facts, FACT_CLIENT, block->clients), in_set(facts, FACT_CLIENT_NAME, block->names));
	may = truth_or(block->mode == MODE_ONLY ? listed : truth_not(listed), login_relays(listener, facts));
	if (block->reply != NULL)
		refusal = block->reply;
	return settle(block_decision(STAGE_RCPT, "relay", &block->where, may == TRUTH_YES ? NULL : refusal), may);
}

/* The default at the end of a stage's rules. */
static struct decision ask_block(const struct listener *listener, enum stage stage, const struct facts *facts)
{
	switch (stage) {
	case STAGE_CONNECT:
		if (listener->connection != NULL)
			return ask_connection(listener->connection, facts);
		break;
	case STAGE_MAIL:
		if (listener->auth != NULL)
			return ask_auth(listener->auth, facts);
		break;
	case STAGE_RCPT:
		return ask_relay(listener, facts);
	case STAGE_HELO:
	case STAGE_DATA:
		break;
	}
	return (struct decision){.stage = stage, .cause = CAUSE_NOTHING};
}

struct decision decide(const struct listener *listener, enum stage stage, const struct facts *facts)
{
	const struct stage_rules *rules = &listener->stages[stage];

	for (size_t i = 0; i < rules->count; i++) {
		const struct rule *rule = &rules->list[i];
		enum truth truth = rule_matches(rule, facts);

		if (truth != TRUTH_NO)
			return settle(
			    (struct decision){stage, rule->verdict, CAUSE_RULE, rule->reply, rule->label, &rule->where},
			    truth);
		/* What was asked of a rule that cannot match makes no difference. */
		if (facts->question != NULL)
			facts->question->fact = (enum fact)FACT_COUNT;
	}
	return ask_block(listener, stage, facts);
}

struct decision decide_without_rules(enum stage stage, enum decision_cause cause)
{
	struct decision decision = {.stage = stage, .verdict = VERDICT_TEMPFAIL, .cause = cause};

	switch (cause) {
	case CAUSE_SYNTAX:
		decision.verdict = VERDICT_REJECT;
		decision.reply = stage == STAGE_RCPT ? &recipient_unreadable : &sender_unreadable;
		decision.rule = "syntax";
		break;
	case CAUSE_NAME:
		decision.reply = &name_unavailable;
		break;
	case CAUSE_NO_LISTENER:
		decision.reply = &no_listener;
		break;
	case CAUSE_NO_CLIENT:
		decision.reply = &no_client;
		break;
	case CAUSE_NO_MACROS:
		decision.reply = &no_macros;
		break;
	case CAUSE_NAT_WATCH:
		decision.reply = &nat_watch;
		decision.rule = "nat_watch";
		break;
	case CAUSE_NOTHING:
	case CAUSE_RULE:
	case CAUSE_BLOCK:
	case CAUSE_NO_BLOCK:
	case CAUSE_BROKEN:
	case CAUSE_INTERNAL:
	case CAUSE_OPEN:
		decision.reply = &broken;
		break;
	}
	return decision;
}
