#include "rules/model.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "policy/arena.h"

static const struct {
	const char *name;
	enum value_kind kind;
} groups[] = {
    [GROUP_NETWORKS] = {"networks", VALUE_NETWORK},
    [GROUP_DOMAINS] = {"domains", VALUE_NAME},
    [GROUP_ADDRESSES] = {"addresses", VALUE_MAILBOX},
    [GROUP_USERS] = {"users", VALUE_LOGIN},
};
static_assert(sizeof groups / sizeof *groups == GROUP_COUNT, "every group has a row");

const char *group_name(enum group group)
{
	return groups[group].name;
}

enum value_kind group_kind(enum group group)
{
	return groups[group].kind;
}

struct model *model_new(void)
{
	struct model *model = calloc(1, sizeof *model);

	if (model == NULL)
		return NULL;
	model->arena = arena_new();
	if (model->arena == NULL) {
		free(model);
		return NULL;
	}
	return model;
}

void model_free(struct model *model)
{
	if (model == NULL)
		return;
	arena_free(model->arena);
	free(model);
}

struct table *model_table(const struct model *model, const char *name)
{
	for (size_t i = 0; i < model->table_count; i++)
		if (strcmp(model->tables[i].name, name) == 0)
			return &model->tables[i];
	return NULL;
}
