#include "milter/ledger/pseudonyms.h"

#include <ctype.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "milter/ledger/record.h"
#include "policy/arena.h"
#include "rules/fault.h"
#include "rules/file.h"

/* Bytes that a key may have. */
#define LONGEST_KEY 4096

/* Bytes of a hash that are shown. */
#define SHOWN 8

struct pseudonyms {
	char *key;
	size_t size;
};

struct pseudonyms *pseudonyms_open(const char *path, struct fault *ret_fault)
{
	struct pseudonyms *pseudonyms = calloc(1, sizeof *pseudonyms);
	int error;

	if (pseudonyms == NULL) {
		fault_set(ret_fault, "no memory");
		return NULL;
	}
	error = file_read(path, LONGEST_KEY, &pseudonyms->key, &pseudonyms->size);
	if (error != 0) {
		fault_set(ret_fault, "cannot read the key \"%s\": %s", path, strerror(error));
		goto failed;
	}
	while (pseudonyms->size > 0 && strchr("\r\n", pseudonyms->key[pseudonyms->size - 1]) != NULL)
		pseudonyms->size--;
	if (pseudonyms->size < PSEUDONYMS_KEY) {
		fault_set(ret_fault, "the key \"%s\" has %zu bytes and needs %d; openssl rand -hex 32 makes one", path,
		          pseudonyms->size, PSEUDONYMS_KEY);
		goto failed;
	}
	return pseudonyms;
failed:
	pseudonyms_free(pseudonyms);
	return NULL;
}

void pseudonyms_free(struct pseudonyms *pseudonyms)
{
	if (pseudonyms == NULL)
		return;
	free(pseudonyms->key);
	free(pseudonyms);
}

/* What a record is changed with. */
struct changing {
	const struct pseudonyms *pseudonyms;
	struct arena *arena;
	bool failed; /* there is no memory */
};

/* "#HASH" of a name, and what stands behind it. */
static const char *replace(struct changing *changing, const char *name, size_t length, const char *rest)
{
	char *text = arena_take(changing->arena, 1 + 2 * SHOWN + strlen(rest) + 1, 1);
	char *lower = arena_text(changing->arena, name, length);
	unsigned char hash[EVP_MAX_MD_SIZE];
	size_t end = 1;

	if (text == NULL || lower == NULL) {
		changing->failed = true;
		return NULL;
	}
	for (size_t i = 0; i < length; i++)
		lower[i] = (char)tolower((unsigned char)lower[i]);
	if (HMAC(EVP_sha256(), changing->pseudonyms->key, (int)changing->pseudonyms->size, (unsigned char *)lower,
	         length, hash, NULL) == NULL) {
		changing->failed = true;
		return NULL;
	}
	text[0] = '#';
	for (unsigned i = 0; i < SHOWN; i++, end += 2)
		sprintf(text + end, "%02x", hash[i]);
	strcpy(text + end, rest);
	return text;
}

/* An address: what stands before its last "@", or all of it. */
static const char *of_address(struct changing *changing, const char *address)
{
	const char *at;

	if (address == NULL || *address == '\0')
		return address;
	at = strrchr(address, '@');
	if (at == NULL)
		at = address + strlen(address);
	return replace(changing, address, (size_t)(at - address), at);
}

/* A login: what stands before its realm. */
static const char *of_login(struct changing *changing, const char *login)
{
	size_t length = login != NULL ? strcspn(login, "@") : 0;

	return login != NULL ? replace(changing, login, length, login + length) : NULL;
}

/* A reply's code and enhanced code. */
static const char *of_reply(struct changing *changing, const char *reply)
{
	size_t length;
	char *codes;

	if (reply == NULL)
		return NULL;
	length = strcspn(reply, " -\n");
	length += strcspn(reply + length + (reply[length] != '\0'), " \n") + (reply[length] != '\0');
	codes = arena_text(changing->arena, reply, length);
	changing->failed |= codes == NULL;
	if (codes != NULL && strchr(codes, '-') != NULL)
		*strchr(codes, '-') = ' ';
	return codes;
}

static void change_step(struct changing *changing, const struct record_step *step, struct record_step *ret_step)
{
	*ret_step = *step;
	ret_step->recipient = of_address(changing, step->recipient);
	ret_step->resolved = of_address(changing, step->resolved);
	ret_step->reading = of_address(changing, step->reading);
	ret_step->reply = of_reply(changing, step->reply);
}

bool pseudonyms_apply(const struct pseudonyms *pseudonyms, struct arena *arena, const struct record *record,
                      struct record *ret_record)
{
	struct changing changing = {.pseudonyms = pseudonyms, .arena = arena};
	struct record_step *steps = arena_take(arena, record->step_count, sizeof *steps);
	struct record changed = *record;

	if (steps == NULL)
		return false;
	for (size_t i = 0; i < record->step_count; i++)
		change_step(&changing, &record->steps[i], &steps[i]);
	changed.steps = steps;
	changed.sender = of_address(&changing, record->sender);
	changed.reading = of_address(&changing, record->reading);
	changed.user = of_login(&changing, record->user);
	changed.hashed = true;
	if (!changing.failed)
		*ret_record = changed;
	return !changing.failed;
}
