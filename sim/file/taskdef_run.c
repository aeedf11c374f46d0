/*
 * Names and the end of what a real task needs.
 */
#include "file/taskdef_run.h"

#include <stdlib.h>

const char *const ulimit_names[] = {"core",     "cpu",        "data",   "fsize", "locks", "memlock",
                                    "msgqueue", "nice",       "nofile", "nproc", "rss",   "rtprio",
                                    "rttime",   "sigpending", "stack",  NULL};

static void free_texts(char **texts, int n)
{
    for (int i = 0; i < n; i++)
        free(texts[i]);
    free(texts);
}

static void finish_pairs(struct container_run *run)
{
    for (int i = 0; i < run->n_controls; i++) {
        free(run->controls[i].name);
        free(run->controls[i].value);
    }
    for (int i = 0; i < run->n_hosts; i++) {
        free(run->hosts[i].hostname);
        free(run->hosts[i].address);
    }
    for (int i = 0; i < run->n_labels; i++) {
        free(run->labels[i].name);
        free(run->labels[i].value);
    }
    free(run->controls);
    free(run->hosts);
    free(run->labels);
}

static void finish_files(struct container_run *run)
{
    for (int i = 0; i < run->n_tmpfs; i++) {
        free(run->tmpfs[i].path);
        free_texts(run->tmpfs[i].options, run->tmpfs[i].n_options);
    }
    for (int i = 0; i < run->n_mounts; i++)
        free(run->mounts[i].path);
    for (int i = 0; i < run->n_links; i++)
        free(run->links[i].alias);
    free(run->tmpfs);
    free(run->mounts);
    free(run->links);
    free(run->volumes_from);
}

static void finish_container(struct container_run *run)
{
    free_texts(run->entry_point, run->n_entry_point);
    free_texts(run->command, run->n_command);
    free_texts(run->environment, run->n_environment);
    free_texts(run->health_command, run->n_health_command);
    free_texts(run->add, run->n_add);
    free_texts(run->drop, run->n_drop);
    free_texts(run->dns_servers, run->n_dns_servers);
    free_texts(run->dns_search, run->n_dns_search);
    free(run->working_directory);
    free(run->user);
    free(run->hostname);
    free(run->log_driver);
    free(run->ulimits);
    finish_pairs(run);
    finish_files(run);
}

void taskdef_run_destroy(struct taskdef_run *run)
{
    if (!run)
        return;
    for (int i = 0; i < run->n_containers; i++)
        finish_container(&run->containers[i]);
    for (int i = 0; i < run->n_volumes; i++) {
        free(run->volumes[i].name);
        free(run->volumes[i].source_path);
    }
    free(run->containers);
    free(run->volumes);
    free(run);
}
