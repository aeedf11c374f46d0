/*
 * One request, one answer. All requests begin alike: a header, a family header, attributes.
 */
#include "exec/netlink.h"

#include <arpa/inet.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>
#include <net/if.h>
#include <string.h>

enum { REQUEST_MAX = 1024, ANSWER_MAX = 16384 };

struct request {
    union {
        struct nlmsghdr header;
        char bytes[REQUEST_MAX];
    } as;
};

int netlink_open(struct netlink *netlink)
{
    *netlink = (struct netlink){mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC), 0};
    return netlink->socket ? 0 : -1;
}

void netlink_close(struct netlink *netlink)
{
    if (netlink->socket) {
        mnl_socket_close(netlink->socket);
    }
    netlink->socket = NULL;
}

static struct nlmsghdr *begin(struct request *request, uint16_t type, uint16_t flags)
{
    struct nlmsghdr *header;

    memset(request, 0, sizeof *request);
    header = mnl_nlmsg_put_header(request->as.bytes);
    header->nlmsg_type = type;
    header->nlmsg_flags = NLM_F_REQUEST | flags;
    return header;
}

/* Sends the request and gives its answer to `take` (NULL: it is an acknowledgement only). */
static int ask(struct netlink *netlink, struct nlmsghdr *header, mnl_cb_t take, void *data)
{
    char answer[ANSWER_MAX];
    ssize_t n;

    header->nlmsg_seq = ++netlink->n_requests;
    if (mnl_socket_sendto(netlink->socket, header, header->nlmsg_len) < 0) {
        return -1;
    }
    do {
        n = mnl_socket_recvfrom(netlink->socket, answer, sizeof answer);
    } while (n < 0 && errno == EINTR);
    return n < 0 || mnl_cb_run(answer, (size_t)n, header->nlmsg_seq, 0, take, data) < 0 ? -1 : 0;
}

static struct ifinfomsg *put_link(struct nlmsghdr *header)
{
    struct ifinfomsg *link = mnl_nlmsg_put_extra_header(header, sizeof *link);

    link->ifi_family = AF_UNSPEC;
    return link;
}

static void set_up(struct ifinfomsg *link)
{
    link->ifi_flags = link->ifi_change = IFF_UP;
}

static int take_index(const struct nlmsghdr *header, void *data)
{
    const struct ifinfomsg *link = mnl_nlmsg_get_payload(header);

    *(int *)data = link->ifi_index;
    return MNL_CB_OK;
}

int netlink_index(struct netlink *netlink, const char *name)
{
    struct request request;
    struct nlmsghdr *header = begin(&request, RTM_GETLINK, 0);
    int index = -1;

    put_link(header);
    mnl_attr_put_strz(header, IFLA_IFNAME, name);
    return ask(netlink, header, take_index, &index) == 0 ? index : -1;
}

int netlink_add_bridge(struct netlink *netlink, const char *name, const uint8_t hardware[6])
{
    struct request request;
    struct nlmsghdr *header = begin(&request, RTM_NEWLINK, NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL);
    struct nlattr *info;

    set_up(put_link(header));
    mnl_attr_put_strz(header, IFLA_IFNAME, name);
    mnl_attr_put(header, IFLA_ADDRESS, 6, hardware);
    info = mnl_attr_nest_start(header, IFLA_LINKINFO);
    mnl_attr_put_str(header, IFLA_INFO_KIND, "bridge");
    mnl_attr_nest_end(header, info);
    return ask(netlink, header, NULL, NULL);
}

/* The other end is described by a link message inside the link message. */
static void put_peer(struct nlmsghdr *header, const char *name, int namespace_fd)
{
    struct nlattr *peer = mnl_attr_nest_start(header, VETH_INFO_PEER);

    put_link(header); /* it cannot be up before it has a peer itself */
    mnl_attr_put_strz(header, IFLA_IFNAME, name);
    mnl_attr_put_u32(header, IFLA_NET_NS_FD, (uint32_t)namespace_fd);
    mnl_attr_nest_end(header, peer);
}

int netlink_add_pair(struct netlink *netlink, const char *name, int bridge, const char *peer,
                     int peer_fd)
{
    struct request request;
    struct nlmsghdr *header = begin(&request, RTM_NEWLINK, NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL);
    struct nlattr *info, *data;

    set_up(put_link(header));
    mnl_attr_put_strz(header, IFLA_IFNAME, name);
    mnl_attr_put_u32(header, IFLA_MASTER, (uint32_t)bridge);
    info = mnl_attr_nest_start(header, IFLA_LINKINFO);
    mnl_attr_put_str(header, IFLA_INFO_KIND, "veth");
    data = mnl_attr_nest_start(header, IFLA_INFO_DATA);
    put_peer(header, peer, peer_fd);
    mnl_attr_nest_end(header, data);
    mnl_attr_nest_end(header, info);
    return ask(netlink, header, NULL, NULL);
}

int netlink_join(struct netlink *netlink, int index, int bridge)
{
    struct request request;
    struct nlmsghdr *header = begin(&request, RTM_NEWLINK, NLM_F_ACK);
    struct ifinfomsg *link = put_link(header);

    set_up(link);
    link->ifi_index = index;
    mnl_attr_put_u32(header, IFLA_MASTER, (uint32_t)bridge);
    return ask(netlink, header, NULL, NULL);
}

int netlink_up(struct netlink *netlink, int index)
{
    struct request request;
    struct nlmsghdr *header = begin(&request, RTM_NEWLINK, NLM_F_ACK);
    struct ifinfomsg *link = put_link(header);

    set_up(link);
    link->ifi_index = index;
    return ask(netlink, header, NULL, NULL);
}

int netlink_add_address(struct netlink *netlink, int index, uint32_t address, int prefix)
{
    struct request request;
    struct nlmsghdr *header = begin(&request, RTM_NEWADDR, NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL);
    struct ifaddrmsg *message = mnl_nlmsg_put_extra_header(header, sizeof *message);

    message->ifa_family = AF_INET;
    message->ifa_prefixlen = (uint8_t)prefix;
    message->ifa_index = (uint32_t)index;
    mnl_attr_put_u32(header, IFA_LOCAL, htonl(address));
    mnl_attr_put_u32(header, IFA_ADDRESS, htonl(address));
    return ask(netlink, header, NULL, NULL);
}

int netlink_add_route(struct netlink *netlink, uint32_t network, int prefix, uint32_t gateway)
{
    struct request request;
    struct nlmsghdr *header =
        begin(&request, RTM_NEWROUTE, NLM_F_ACK | NLM_F_CREATE | NLM_F_REPLACE);
    struct rtmsg *route = mnl_nlmsg_put_extra_header(header, sizeof *route);

    route->rtm_family = AF_INET;
    route->rtm_dst_len = (uint8_t)prefix;
    route->rtm_table = RT_TABLE_MAIN;
    route->rtm_protocol = RTPROT_STATIC;
    route->rtm_scope = RT_SCOPE_UNIVERSE;
    route->rtm_type = RTN_UNICAST;
    if (prefix > 0) {
        mnl_attr_put_u32(header, RTA_DST, htonl(network));
    }
    mnl_attr_put_u32(header, RTA_GATEWAY, htonl(gateway));
    return ask(netlink, header, NULL, NULL);
}
