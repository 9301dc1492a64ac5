#include "rules/digest.h"

#include <openssl/evp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

struct digest {
	EVP_MD_CTX *context;
	bool sound;
};

struct digest *digest_new(void)
{
	struct digest *digest = calloc(1, sizeof *digest);

	if (digest == NULL)
		return NULL;
	digest->context = EVP_MD_CTX_new();
	digest->sound = digest->context != NULL && EVP_DigestInit_ex(digest->context, EVP_sha256(), NULL) == 1;
	return digest;
}

bool digest_add(struct digest *digest, const char *text, size_t size)
{
	uint8_t length[8];

	for (unsigned i = 0; i < sizeof length; i++)
		length[i] = (uint8_t)((uint64_t)size >> (56 - 8 * i));
	digest->sound = digest->sound && EVP_DigestUpdate(digest->context, length, sizeof length) == 1 &&
	                EVP_DigestUpdate(digest->context, text, size) == 1;
	return digest->sound;
}

bool digest_end(struct digest *digest, char *ret_text)
{
	uint8_t bytes[EVP_MAX_MD_SIZE];
	unsigned size = 0;
	bool sound = digest != NULL && digest->sound && EVP_DigestFinal_ex(digest->context, bytes, &size) == 1 &&
	             2 * size + 1 == DIGEST_TEXT;

	for (unsigned i = 0; sound && i < size; i++)
		sprintf(ret_text + 2 * i, "%02x", bytes[i]);
	if (digest != NULL)
		EVP_MD_CTX_free(digest->context);
	free(digest);
	return sound;
}
