#include "policy/classify.h"

#include <stdlib.h>
#include <string.h>

#include "policy/bits.h"
#include "policy/name.h"
#include "policy/vocabulary.h"

struct fact_class class_of(const uint64_t *sets)
{
	return (struct fact_class){.state = sets != NULL ? FACT_KNOWN : FACT_BROKEN, .sets = sets};
}

/* The sets that a name in its compared form is in; NULL where an expression ran past its limit. */
static const uint64_t *look_up_name(const struct classifier *classifier, const char *name, uint64_t *buffer)
{
	return vocabulary_text(classifier->vocabulary, VALUE_NAME, name, classifier->match_room, buffer);
}

struct fact_class classify_name(const struct classifier *classifier, const char *name, uint64_t *buffer)
{
	struct fact_class class;
	char *compared;

	if (name_is_compared(name))
		return class_of(look_up_name(classifier, name, buffer));
	if (name_read(name, strlen(name), &compared) == NAME_NO_MEMORY)
		return class_of(NULL);
	class = class_of(look_up_name(classifier, compared, buffer));
	free(compared);
	return class;
}

struct fact_class classify_mailbox(const struct classifier *classifier, const struct mailbox *mailbox, uint64_t *buffer)
{
	const uint64_t *domain = NULL;

	if (mailbox->null)
		return class_of(vocabulary_null_sender(classifier->vocabulary));
	if (mailbox->domain != NULL) {
		domain = look_up_name(classifier, mailbox->domain, classifier->domain);
		if (domain == NULL)
			return class_of(NULL);
	}
	return class_of(vocabulary_mailbox(classifier->vocabulary, mailbox->key, mailbox->subject, domain,
	                                   classifier->match_room, buffer));
}

struct reading classify_reading(const struct classifier *classifier, const struct mailbox *written, const char *reading,
                                uint64_t *buffer)
{
	struct reading result = {.class = {.state = FACT_ABSENT}};
	struct mailbox mailbox;
	char *meant;

	if (written->plain || reading == NULL)
		return result;
	meant = mailbox_meant(written, reading);
	switch (meant != NULL ? mailbox_read(meant, &mailbox) : MAILBOX_NO_MEMORY) {
	case MAILBOX_READ:
		result.class = classify_mailbox(classifier, &mailbox, buffer);
		result.routes = mailbox_could_route(&mailbox);
		mailbox_destroy(&mailbox);
		break;
	case MAILBOX_UNREADABLE:
		result.unreadable = true;
		break;
	case MAILBOX_NO_MEMORY:
		result.class = class_of(NULL);
		break;
	}
	free(meant);
	return result;
}

enum truth classify_local(const struct classifier *classifier, const struct locality *locality,
                          const struct mailbox *mailbox)
{
	const uint64_t *domain;
	bool local;

	if (mailbox->null)
		return TRUTH_NO;
	if (mailbox->domain == NULL)
		return TRUTH_YES;
	if (mailbox->literal) {
		local = mailbox->has_address && locality->address != NULL &&
		        address_equal(&mailbox->address, locality->address);
	} else {
		domain = look_up_name(classifier, mailbox->domain, classifier->domain);
		if (domain == NULL)
			return TRUTH_BROKEN;
		local = mailbox->domain_form == NAME_CONVERTED && locality->domains.given &&
		        bits_test(domain, locality->domains.set);
	}
	return local ? TRUTH_YES : TRUTH_NO;
}

enum truth classify_local_text(const struct classifier *classifier, const struct locality *locality, const char *text)
{
	struct mailbox mailbox;
	enum truth local = TRUTH_NO;

	switch (mailbox_read(text, &mailbox)) {
	case MAILBOX_READ:
		local = classify_local(classifier, locality, &mailbox);
		mailbox_destroy(&mailbox);
		break;
	case MAILBOX_UNREADABLE:
		break;
	case MAILBOX_NO_MEMORY:
		local = TRUTH_BROKEN;
		break;
	}
	return local;
}
