#include "milter/host.h"

#include <assert.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include "policy/room.h"
#include "rules/diagnostic.h"
#include "rules/load.h"

static_assert(DEVICE_NAME == IF_NAMESIZE, "room for each device's name");

struct device {
	int index;
	char name[DEVICE_NAME];
	bool bridge;
	bool of_containers; /* a port of a bridge as containers have them */
	int master;         /* the bridge that it is a port of; 0: none */
};

struct asking {
	struct device *devices;
	size_t device_count;
	struct surroundings found;
};

/* Puts an attribute where its type says; those that the kernel has and we have not are left out. */
struct attributes {
	const struct nlattr **list;
	unsigned count;
};

static int take_attribute(const struct nlattr *attribute, void *data)
{
	struct attributes *attributes = data;
	unsigned type = mnl_attr_get_type(attribute);

	if (type < attributes->count)
		attributes->list[type] = attribute;
	return MNL_CB_OK;
}

static int take_attributes(const struct nlmsghdr *message, size_t header, const struct nlattr **list, unsigned count)
{
	struct attributes attributes = {list, count};

	if (mnl_nlmsg_get_payload_len(message) < header) {
		errno = EBADMSG;
		return MNL_CB_ERROR;
	}
	return mnl_attr_parse(message, (unsigned)header, take_attribute, &attributes);
}

/* Writes the address of an attribute; returns false where it is none, or of this link alone. */
static bool address_of(const struct nlattr *attribute, int family, struct address *ret_address)
{
	const uint8_t *bytes = attribute != NULL ? mnl_attr_get_payload(attribute) : NULL;

	if (bytes == NULL)
		return false;
	if (family == AF_INET && mnl_attr_get_payload_len(attribute) == 4 && !(bytes[0] == 169 && bytes[1] == 254)) {
		*ret_address = address_from_ipv4(bytes);
		return true;
	}
	if (family == AF_INET6 && mnl_attr_get_payload_len(attribute) == 16 &&
	    !(bytes[0] == 0xfe && (bytes[1] & 0xc0) == 0x80)) {
		*ret_address = address_from_ipv6(bytes);
		return true;
	}
	return false;
}

static const struct device *find_device(const struct asking *asking, int index)
{
	for (size_t i = 0; i < asking->device_count; i++)
		if (asking->devices[i].index == index)
			return &asking->devices[i];
	return NULL;
}

static int add(struct asking *asking, enum stand_in_kind kind, const struct address *address, int device)
{
	struct surroundings *found = &asking->found;
	const struct device *of = find_device(asking, device);
	struct stand_in stand_in = {.kind = kind, .address = *address}, *list;

	for (size_t i = 0; i < found->count; i++)
		if (found->list[i].kind == kind && address_equal(&found->list[i].address, address))
			return MNL_CB_OK;
	snprintf(stand_in.device, sizeof stand_in.device, "%s", of != NULL ? of->name : "?");
	list = room_for_one(found->list, found->count, sizeof *list);
	if (list == NULL)
		return MNL_CB_ERROR;
	found->list = list;
	found->list[found->count++] = stand_in;
	return MNL_CB_OK;
}

/* Devices */

static void read_kind(const struct nlattr *info, struct device *device)
{
	const struct nlattr *list[IFLA_INFO_KIND + 1] = {0};
	struct attributes attributes = {list, IFLA_INFO_KIND + 1};
	const char *kind;

	if (mnl_attr_parse_nested(info, take_attribute, &attributes) != MNL_CB_OK || list[IFLA_INFO_KIND] == NULL ||
	    mnl_attr_validate(list[IFLA_INFO_KIND], MNL_TYPE_NUL_STRING) < 0)
		return;
	kind = mnl_attr_get_str(list[IFLA_INFO_KIND]);
	device->bridge = strcmp(kind, "bridge") == 0;
	device->of_containers = strcmp(kind, "veth") == 0 || strcmp(kind, "tun") == 0;
}

static int take_device(const struct nlmsghdr *message, void *data)
{
	struct asking *asking = data;
	const struct ifinfomsg *header = mnl_nlmsg_get_payload(message);
	const struct nlattr *list[IFLA_LINKINFO + 1] = {0};
	struct device device = {0}, *devices;

	if (message->nlmsg_type != RTM_NEWLINK)
		return MNL_CB_OK;
	if (take_attributes(message, sizeof *header, list, IFLA_LINKINFO + 1) != MNL_CB_OK)
		return MNL_CB_ERROR;
	device.index = header->ifi_index;
	if (list[IFLA_IFNAME] != NULL && mnl_attr_validate(list[IFLA_IFNAME], MNL_TYPE_NUL_STRING) == 0)
		snprintf(device.name, sizeof device.name, "%s", mnl_attr_get_str(list[IFLA_IFNAME]));
	if (list[IFLA_MASTER] != NULL && mnl_attr_validate(list[IFLA_MASTER], MNL_TYPE_U32) == 0)
		device.master = (int)mnl_attr_get_u32(list[IFLA_MASTER]);
	if (list[IFLA_LINKINFO] != NULL)
		read_kind(list[IFLA_LINKINFO], &device);
	devices = room_for_one(asking->devices, asking->device_count, sizeof *devices);
	if (devices == NULL)
		return MNL_CB_ERROR;
	asking->devices = devices;
	asking->devices[asking->device_count++] = device;
	return MNL_CB_OK;
}

/* Whether it is a bridge that containers hang on, or could. */
static bool is_of_containers(const struct asking *asking, int index)
{
	const struct device *bridge = find_device(asking, index);

	if (bridge == NULL || !bridge->bridge)
		return false;
	for (size_t i = 0; i < asking->device_count; i++)
		if (asking->devices[i].master == index && !asking->devices[i].of_containers)
			return false;
	return true;
}

static int take_address(const struct nlmsghdr *message, void *data)
{
	struct asking *asking = data;
	const struct ifaddrmsg *header = mnl_nlmsg_get_payload(message);
	const struct nlattr *list[IFA_LOCAL + 1] = {0};
	struct address address;

	if (message->nlmsg_type != RTM_NEWADDR)
		return MNL_CB_OK;
	if (take_attributes(message, sizeof *header, list, IFA_LOCAL + 1) != MNL_CB_OK)
		return MNL_CB_ERROR;
	/* IPv4 has its own address in IFA_LOCAL, and perhaps a peer's in IFA_ADDRESS. */
	if (!is_of_containers(asking, (int)header->ifa_index) ||
	    !address_of(list[IFA_LOCAL] != NULL ? list[IFA_LOCAL] : list[IFA_ADDRESS], header->ifa_family, &address))
		return MNL_CB_OK;
	return add(asking, STAND_IN_BRIDGE, &address, (int)header->ifa_index);
}

/* Routes */

static int take_gateway(struct asking *asking, const struct nlattr *gateway, int family, int device)
{
	struct address address;

	return address_of(gateway, family, &address) ? add(asking, STAND_IN_GATEWAY, &address, device) : MNL_CB_OK;
}

/* An IPv4 route may go by an IPv6 gateway (RTA_VIA): with that nothing IPv4 is forwarded. */
static int take_next_hops(struct asking *asking, const struct nlattr *hops, int family)
{
	const struct rtnexthop *hop = mnl_attr_get_payload(hops);
	int left = mnl_attr_get_payload_len(hops);

	while (RTNH_OK(hop, left)) {
		const struct rtattr *attribute = RTNH_DATA(hop);
		int size = hop->rtnh_len - (int)sizeof *hop;

		for (; RTA_OK(attribute, size); attribute = RTA_NEXT(attribute, size))
			if (attribute->rta_type == RTA_GATEWAY && take_gateway(asking, (const struct nlattr *)attribute,
			                                                       family, hop->rtnh_ifindex) != MNL_CB_OK)
				return MNL_CB_ERROR;
		left -= (int)RTNH_ALIGN(hop->rtnh_len);
		hop = RTNH_NEXT(hop);
	}
	return MNL_CB_OK;
}

static int take_route(const struct nlmsghdr *message, void *data)
{
	struct asking *asking = data;
	const struct rtmsg *header = mnl_nlmsg_get_payload(message);
	const struct nlattr *list[RTA_MULTIPATH + 1] = {0};
	int device = 0;

	if (message->nlmsg_type != RTM_NEWROUTE)
		return MNL_CB_OK;
	if (take_attributes(message, sizeof *header, list, RTA_MULTIPATH + 1) != MNL_CB_OK)
		return MNL_CB_ERROR;
	if (header->rtm_dst_len != 0 || header->rtm_type != RTN_UNICAST)
		return MNL_CB_OK;
	if (list[RTA_MULTIPATH] != NULL)
		return take_next_hops(asking, list[RTA_MULTIPATH], header->rtm_family);
	if (list[RTA_OIF] != NULL && mnl_attr_validate(list[RTA_OIF], MNL_TYPE_U32) == 0)
		device = (int)mnl_attr_get_u32(list[RTA_OIF]);
	return take_gateway(asking, list[RTA_GATEWAY], header->rtm_family, device);
}

/* Asking */

/* A question: the family is the first byte of its header. */
struct question {
	uint16_t type;
	size_t header;
	unsigned char family;
	mnl_cb_t take; /* each message of the answer */
};

static bool dump(struct mnl_socket *socket, const struct question *question, struct asking *asking)
{
	char buffer[32 * 1024] __attribute__((aligned(8)));
	struct nlmsghdr *request = mnl_nlmsg_put_header(buffer);
	unsigned sequence = (unsigned)time(NULL);
	int going = MNL_CB_OK;

	request->nlmsg_type = question->type;
	request->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	request->nlmsg_seq = sequence;
	*(unsigned char *)mnl_nlmsg_put_extra_header(request, question->header) = question->family;
	if (mnl_socket_sendto(socket, request, request->nlmsg_len) < 0)
		return false;
	while (going == MNL_CB_OK) {
		ssize_t length = mnl_socket_recvfrom(socket, buffer, sizeof buffer);

		if (length <= 0)
			return false;
		going =
		    mnl_cb_run(buffer, (size_t)length, sequence, mnl_socket_get_portid(socket), question->take, asking);
	}
	return going == MNL_CB_STOP;
}

static bool ask(struct mnl_socket *socket, struct asking *asking)
{
	static const struct question questions[] = {
	    {RTM_GETLINK, sizeof(struct ifinfomsg), AF_UNSPEC, take_device},
	    {RTM_GETROUTE, sizeof(struct rtmsg), AF_INET, take_route},
	    {RTM_GETROUTE, sizeof(struct rtmsg), AF_INET6, take_route},
	    {RTM_GETADDR, sizeof(struct ifaddrmsg), AF_UNSPEC, take_address},
	};

	if (mnl_socket_bind(socket, 0, MNL_SOCKET_AUTOPID) != 0)
		return false;
	for (size_t i = 0; i < sizeof questions / sizeof *questions; i++)
		if (!dump(socket, &questions[i], asking))
			return false;
	return true;
}

bool host_surroundings(struct surroundings *ret_surroundings)
{
	struct mnl_socket *socket = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC);
	struct asking asking = {0};
	bool done = socket != NULL && ask(socket, &asking);
	int error = errno;

	if (socket != NULL)
		mnl_socket_close(socket);
	free(asking.devices);
	if (done)
		*ret_surroundings = asking.found;
	else
		free(asking.found.list);
	errno = error;
	return done;
}

struct rules *host_load(const char *path, struct diagnostics *diagnostics)
{
	struct surroundings surroundings = {0};
	struct rules *rules;

	if (!host_surroundings(&surroundings))
		diagnostics_warning(diagnostics, (struct location){path, 0},
		                    "this host's gateways and bridges cannot be seen, so nothing is said of them: %s",
		                    strerror(errno));
	rules = rules_load_here(path, &surroundings, diagnostics);
	free(surroundings.list);
	return rules;
}
