#include "milter/ledger/top.h"

#include <stdlib.h>
#include <string.h>

#define NONE UINT32_MAX

struct node {
	struct top_entry entry;
	uint32_t hash;
	uint32_t next;     /* in its bucket, or NONE */
	uint32_t position; /* in the heap */
};

struct top {
	size_t capacity, count;
	bool exact;
	struct node *nodes;
	uint32_t *heap; /* of nodes: the one that is counted least is first */
	uint32_t *buckets;
	size_t bucket_mask;
};

struct top *top_new(size_t capacity)
{
	struct top *top = calloc(1, sizeof *top);
	size_t buckets = 2;

	if (top == NULL)
		return NULL;
	while (buckets < 2 * capacity)
		buckets *= 2;
	top->capacity = capacity;
	top->exact = true;
	top->bucket_mask = buckets - 1;
	top->nodes = calloc(capacity, sizeof *top->nodes);
	top->heap = calloc(capacity, sizeof *top->heap);
	top->buckets = malloc(buckets * sizeof *top->buckets);
	if (top->nodes == NULL || top->heap == NULL || top->buckets == NULL) {
		top_free(top);
		return NULL;
	}
	memset(top->buckets, 0xff, buckets * sizeof *top->buckets);
	return top;
}

void top_free(struct top *top)
{
	if (top == NULL)
		return;
	free(top->nodes);
	free(top->heap);
	free(top->buckets);
	free(top);
}

void top_cut(const char *text, char *ret_text)
{
	size_t length = strnlen(text, TOP_TEXT);

	if (length == TOP_TEXT) {
		length--;
		/* Bytes within a character begin with the bits 10. */
		while (length > 0 && ((unsigned char)text[length] & 0xc0) == 0x80)
			length--;
	}
	memcpy(ret_text, text, length);
	ret_text[length] = '\0';
}

/* FNV-1a, 32 bits. */
static uint32_t hash_of(const char *text)
{
	uint32_t hash = 2166136261u;

	for (; *text != '\0'; text++)
		hash = (hash ^ (unsigned char)*text) * 16777619u;
	return hash;
}

static uint32_t find(const struct top *top, const char *text, uint32_t hash)
{
	uint32_t index = top->buckets[hash & top->bucket_mask];

	while (index != NONE && (top->nodes[index].hash != hash || strcmp(top->nodes[index].entry.text, text) != 0))
		index = top->nodes[index].next;
	return index;
}

static void link_node(struct top *top, uint32_t index)
{
	uint32_t *bucket = &top->buckets[top->nodes[index].hash & top->bucket_mask];

	top->nodes[index].next = *bucket;
	*bucket = index;
}

static void unlink_node(struct top *top, uint32_t index)
{
	uint32_t *link = &top->buckets[top->nodes[index].hash & top->bucket_mask];

	while (*link != index)
		link = &top->nodes[*link].next;
	*link = top->nodes[index].next;
}

static void place(struct top *top, size_t position, uint32_t index)
{
	top->heap[position] = index;
	top->nodes[index].position = (uint32_t)position;
}

static uint64_t count_at(const struct top *top, size_t position)
{
	return top->nodes[top->heap[position]].entry.count;
}

/* Moves a node whose count grew to where it belongs in the heap. */
static void sink(struct top *top, uint32_t index)
{
	size_t position = top->nodes[index].position;

	for (;;) {
		size_t child = 2 * position + 1;

		if (child >= top->count)
			break;
		if (child + 1 < top->count && count_at(top, child + 1) < count_at(top, child))
			child++;
		if (count_at(top, child) >= top->nodes[index].entry.count)
			break;
		place(top, position, top->heap[child]);
		position = child;
	}
	place(top, position, index);
}

/* Moves a new node, of count 0, to the top of the heap. */
static void rise(struct top *top, uint32_t index)
{
	size_t position = top->count - 1;

	while (position > 0) {
		size_t parent = (position - 1) / 2;

		place(top, position, top->heap[parent]);
		position = parent;
	}
	place(top, 0, index);
}

/* A node for a text that is not there: a free one, or that of the text counted least. */
static uint32_t make_node(struct top *top, const char *text, uint32_t hash)
{
	struct node *node;
	uint32_t index;

	if (top->count < top->capacity) {
		index = (uint32_t)top->count++;
		rise(top, index);
	} else {
		index = top->heap[0];
		unlink_node(top, index);
		top->exact = false;
	}
	node = &top->nodes[index];
	node->hash = hash;
	node->entry.error = node->entry.count;
	memset(node->entry.extras, 0, sizeof node->entry.extras);
	strcpy(node->entry.text, text);
	link_node(top, index);
	return index;
}

struct top_entry *top_count(struct top *top, const char *text)
{
	char cut[TOP_TEXT];
	uint32_t hash, index;

	top_cut(text, cut);
	hash = hash_of(cut);
	index = find(top, cut, hash);
	if (index == NONE)
		index = make_node(top, cut, hash);
	top->nodes[index].entry.count++;
	sink(top, index);
	return &top->nodes[index].entry;
}

size_t top_size(const struct top *top)
{
	return top->count;
}

bool top_exact(const struct top *top)
{
	return top->exact;
}

/* Whether one comes before the other. */
static bool precedes(const struct top_entry *one, const struct top_entry *other)
{
	if (one->count != other->count)
		return one->count > other->count;
	return strcmp(one->text, other->text) < 0;
}

size_t top_list(const struct top *top, size_t most, const struct top_entry **ret_entries)
{
	size_t listed = 0;

	for (size_t i = 0; i < top->count && most > 0; i++) {
		const struct top_entry *entry = &top->nodes[i].entry;
		size_t at = listed;

		if (listed == most && !precedes(entry, ret_entries[listed - 1]))
			continue;
		if (listed < most)
			listed++;
		else
			at--;
		for (; at > 0 && precedes(entry, ret_entries[at - 1]); at--)
			ret_entries[at] = ret_entries[at - 1];
		ret_entries[at] = entry;
	}
	return listed;
}
