#include <criterion/criterion.h>
#include <string.h>

#include "rules/endpoint.h"
#include "rules/fault.h"

Test(endpoint, names_are_read_as_mtas_write_them)
{
	static const struct {
		const char *text;
		const char *for_libmilter;
		int family;
	} rows[] = {
	    {"unix:/run/sallyport/milter.sock", "unix:/run/sallyport/milter.sock", AF_UNIX},
	    {"local:/run/milter.sock", "unix:/run/milter.sock", AF_UNIX},
	    {"inet:8894@127.0.0.1", "inet:8894@127.0.0.1", AF_INET},
	    {"inet:1@0.0.0.0", "inet:1@0.0.0.0", AF_INET},
	    {"inet:8894@[127.0.0.1]", "inet:8894@127.0.0.1", AF_INET},
	    {"inet:8894@localhost", "inet:8894@127.0.0.1", AF_INET},
	    {"inet6:8894@[::1]", "inet6:8894@[::1]", AF_INET6},
	    {"inet6:65535@2001:db8::1", "inet6:65535@[2001:db8::1]", AF_INET6},
	    {"inet6:8894@localhost", "inet6:8894@[::1]", AF_INET6},
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct endpoint endpoint;
		struct fault fault = {""};

		cr_assert(endpoint_read(rows[i].text, &endpoint, &fault), "%s: %s", rows[i].text, fault.text);
		cr_assert_str_eq(endpoint.text, rows[i].for_libmilter, "%s: %s", rows[i].text, endpoint.text);
		cr_assert_eq(endpoint.address.any.sa_family, rows[i].family, "%s", rows[i].text);
	}
}

Test(endpoint, what_is_no_name_is_refused_with_what_to_write)
{
	static const char *const rows[] = {
	    "",
	    "milter.sock",
	    "/run/milter.sock",
	    "unix:",
	    "unix:milter.sock",
	    "inet:",
	    "inet:8894",
	    "inet:8894@",
	    "inet:0@127.0.0.1",
	    "inet:65536@127.0.0.1",
	    "inet:99999999999@127.0.0.1",
	    "inet:+1@127.0.0.1",
	    "inet:127.0.0.1:8894",
	    "inet:8894@::1",
	    "inet:8894@host.example",
	    "inet:8894@127.0.0.1 ",
	    "inet6:8894@127.0.0.1",
	    "inet6:8894@[::1",
	    "inet6:8894@[::1]x",
	    "inet6:8894@fe80::1%eth0",
	    "tcp:8894@127.0.0.1",
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct endpoint endpoint = {.length = 99};
		struct fault fault = {""};

		cr_assert_not(endpoint_read(rows[i], &endpoint, &fault), "%s", rows[i]);
		cr_assert_not_null(strstr(fault.text, "write \""), "%s: %s", rows[i], fault.text);
		cr_assert_eq(endpoint.length, 99, "%s: nothing is written", rows[i]);
	}
}

Test(endpoint, a_path_must_fit)
{
	char text[200] = "unix:/";
	struct endpoint endpoint;
	struct fault fault;

	memset(text + strlen(text), 'x', 107 - 1);
	cr_assert(endpoint_read(text, &endpoint, &fault));
	strcat(text, "x");
	cr_assert_not(endpoint_read(text, &endpoint, &fault));
	cr_assert_not_null(strstr(fault.text, "107"));
}

Test(endpoint, metrics_are_named_as_web_servers_are)
{
	struct endpoint endpoint;
	struct fault fault = {""};

	cr_assert(endpoint_read_web("127.0.0.1:9894", &endpoint, &fault), "%s", fault.text);
	cr_assert_eq(endpoint.address.any.sa_family, AF_INET);
	cr_assert_eq(ntohs(endpoint.address.ipv4.sin_port), 9894);
	cr_assert(endpoint_read_web("[::1]:9894", &endpoint, &fault), "%s", fault.text);
	cr_assert_eq(endpoint.address.any.sa_family, AF_INET6);
	cr_assert_eq(ntohs(endpoint.address.ipv6.sin6_port), 9894);
	cr_assert_not(endpoint_read_web("9894", &endpoint, &fault));
	cr_assert_not(endpoint_read_web("127.0.0.1", &endpoint, &fault));
	cr_assert_not(endpoint_read_web("127.0.0.1:0", &endpoint, &fault));
	cr_assert_not(endpoint_read_web("::1:9894x", &endpoint, &fault));
}
