/*
 * What the balancer's `show stat` says, whatever columns a version of it adds or leaves out.
 */
#include "exec/haproxy.h"

#include <criterion/criterion.h>
#include <stdlib.h>

Test(haproxy, statistics_are_read_by_the_names_of_their_columns)
{
    static const char table[] =
        "# pxname,svname,qcur,qmax,scur,smax,slim,stot,econ,eresp,status,hrsp_5xx,\n"
        "b1,t4,1,2,3,7,,250,1,2,no check,4,\n"
        "b2,t12,,,0,,,0,,,DRAIN,,\n"
        "front,FRONTEND,,,9,9,,900,,,OPEN,0,\n"
        "b1,BACKEND,0,0,3,7,200,250,1,2,UP,4,\n"
        "nobody,t1,0,0,0,0,,5,0,0,no check,0,\n"
        "\n";
    int n;
    struct haproxy_server *servers = haproxy_read_statistics(table, &n);

    cr_assert(n == 2);
    cr_assert(servers[0].group == 0 && servers[0].task == 3 && servers[0].in_use);
    cr_assert(servers[0].n_sessions == 250 && servers[0].n_errors == 7,
              "answers, connections, cuts");
    cr_assert(servers[0].n_open == 3 && servers[0].n_most == 7 && servers[0].n_queued == 1);
    cr_assert(servers[1].group == 1 && servers[1].task == 11 && !servers[1].in_use);
    cr_assert(servers[1].n_sessions == 0 && servers[1].n_most == 0, "an empty field is none");
    free(servers);
}

Test(haproxy, what_is_no_table_has_no_servers)
{
    static const char *const tables[] = {
        "",
        "\n",
        "#",
        "# \n",
        "Unknown command.\n",
        "# a,b\nb1,t1\n",
        "# pxname,svname\nb0,t1\nb1,t",
        "# svname\nt1\n",
        "# pxname\nb1,t1",
    };

    for (size_t i = 0; i < sizeof tables / sizeof *tables; i++) {
        int n = -1;
        struct haproxy_server *servers = haproxy_read_statistics(tables[i], &n);

        cr_assert(n == 0, "table %zu has %d", i, n);
        free(servers);
    }
}
