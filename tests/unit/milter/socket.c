#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "milter/socket.h"
#include "rules/fault.h"

static char directory[] = "/tmp/sallyport-socket-XXXXXX";
static char path[64];
static char name[80];

static void begin(void)
{
	cr_assert_not_null(mkdtemp(directory));
	snprintf(path, sizeof path, "%s/milter.sock", directory);
	snprintf(name, sizeof name, "unix:%s", path);
}

static void end(void)
{
	unlink(path);
	rmdir(directory);
}

TestSuite(socket, .init = begin, .fini = end);

/* Claims the name, binds it and listens, as the daemon does. */
static int bind_here(struct socket_name *socket_name)
{
	struct fault fault = {""};
	int bound = socket(socket_name->endpoint.address.any.sa_family, SOCK_STREAM, 0);

	cr_assert(socket_claim(socket_name, &fault), "%s", fault.text);
	cr_assert_eq(bind(bound, &socket_name->endpoint.address.any, socket_name->endpoint.length), 0);
	cr_assert_eq(listen(bound, 5), 0);
	socket_claimed(socket_name, true);
	return bound;
}

static struct socket_name named(const char *text)
{
	struct socket_name socket;
	struct fault fault;

	cr_assert(endpoint_read(text, &socket.endpoint, &fault));
	return socket;
}

static void expect_claim_fails(const char *text, const char *why)
{
	struct socket_name socket = named(text);
	struct fault fault = {""};

	cr_assert_not(socket_claim(&socket, &fault));
	cr_assert_not_null(strstr(fault.text, why), "%s", fault.text);
	cr_assert_eq(socket.directory, -1);
	cr_assert_not(socket.made);
}

Test(socket, the_file_is_for_owner_and_group_and_the_umask_is_restored)
{
	struct socket_name socket = named(name);
	struct stat status;

	umask(022);
	close(bind_here(&socket));
	cr_assert_eq(umask(022), 022);
	cr_assert_eq(stat(path, &status), 0);
	cr_assert_eq(status.st_mode & 0777, 0660);
	socket_remove(&socket);
	cr_assert_neq(access(path, F_OK), 0);
}

Test(socket, a_running_instance_keeps_its_socket)
{
	struct socket_name socket = named(name);
	int bound = bind_here(&socket);

	expect_claim_fails(name, "another process listens there");
	cr_assert_eq(access(path, F_OK), 0);
	close(bound);
}

Test(socket, a_socket_that_nobody_listens_at_is_removed)
{
	struct socket_name first = named(name);
	struct socket_name second = named(name);

	close(bind_here(&first));
	cr_assert_eq(access(path, F_OK), 0, "it stays when its process is gone");
	usleep(20000); /* the second one may get the first one's inode: it is told apart by its time */
	close(bind_here(&second));
	socket_remove(&first);
	cr_assert_eq(access(path, F_OK), 0, "the first one's file is another one now");
	socket_remove(&second);
	cr_assert_neq(access(path, F_OK), 0);
}

Test(socket, another_kind_of_file_is_left_alone)
{
	close(open(path, O_CREAT | O_WRONLY, 0600));
	expect_claim_fails(name, "not a socket");
	cr_assert_eq(access(path, F_OK), 0);
	unlink(path);
	cr_assert_eq(symlink("/nowhere", path), 0);
	expect_claim_fails(name, "not a socket");
}

Test(socket, a_missing_directory_is_told)
{
	expect_claim_fails("unix:/nonexistent/milter.sock", "/nonexistent");
}

Test(socket, two_that_start_at_once_wait_for_each_other)
{
	struct socket_name first = named(name);
	struct socket_name second = named(name);
	struct fault fault;

	cr_assert(socket_claim(&first, &fault));
	cr_assert_not(socket_claim(&second, &fault));
	cr_assert_not_null(strstr(fault.text, "lock"), "%s", fault.text);
	socket_claimed(&first, false);
	cr_assert(socket_claim(&second, &fault));
	socket_claimed(&second, false);
}

Test(socket, a_port_in_use_is_told)
{
	struct socket_name socket_name = named("inet:1@127.0.0.1");
	socklen_t length = sizeof socket_name.endpoint.address.ipv4;
	char text[64];
	int bound = socket(AF_INET, SOCK_STREAM, 0);

	socket_name.endpoint.address.ipv4.sin_port = 0;
	cr_assert_eq(bind(bound, &socket_name.endpoint.address.any, length), 0);
	cr_assert_eq(listen(bound, 5), 0);
	cr_assert_eq(getsockname(bound, &socket_name.endpoint.address.any, &length), 0);
	snprintf(text, sizeof text, "inet:%u@127.0.0.1", ntohs(socket_name.endpoint.address.ipv4.sin_port));
	expect_claim_fails(text, "another process listens there");
	close(bound);
}
