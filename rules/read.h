/*
 * NAME
 *	read - from libconfig's tree to the model
 *
 * DESCRIPTION
 *	The schemas of the whole file, of listeners, blocks, rules and examples.
 */
#ifndef RULES_READ_H
#define RULES_READ_H

#include <libconfig.h>

#include "rules/reading.h"

/* Reads all of a file's settings into reading->model. */
void read_file(struct reading *reading, const config_setting_t *root);

/* Reads a list of rules of a stage. */
void read_rules(struct reading *reading, const config_setting_t *given, enum stage stage, struct model_rules *rules);

/* Reads a promise of "never": the conditions of a rule at rcpt, with a name and a listener. */
void read_promise(struct reading *reading, const config_setting_t *given, struct model_promise *promise);

/*
 * Has a reply that was read as text looked at, now that its verdict and stage
 * are known; where is the line of what it belongs to.
 */
void read_reply(struct reading *reading, const config_setting_t *group, enum verdict verdict, enum stage stage,
                struct model_reply *reply);

#endif
