/*
 * The lines between controller and agent: their tables of members, and a buffered, non-blocking
 * stream that carries them.
 */
#include "exec/protocol.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *const words[WORDS] = {
    [WORD_SETUP] = "setup",       [WORD_PLAN] = "plan",     [WORD_DUTY] = "duty",
    [WORD_MESSAGE] = "message",   [WORD_FAULT] = "fault",   [WORD_FINISH] = "finish",
    [WORD_REGISTRY] = "registry", [WORD_WAKE] = "wake",     [WORD_HELLO] = "hello",
    [WORD_PRINT] = "print",       [WORD_RECORD] = "record", [WORD_FINISHED] = "finished",
    [WORD_ORDER] = "order",       [WORD_FACT] = "fact",     [WORD_MODELLED] = "modelled",
    [WORD_USED] = "used",         [WORD_CLOCK] = "clock",
};

static const struct field hello_fields[] = {
    FIELD(FIELD_LONG, hello, clock_usec, "clock"),
    FIELD(FIELD_LONG, hello, kernel_usec, "kernelTook"),
    FIELD(FIELD_LONG, hello, available_bytes, "available"),
    FIELD(FIELD_LONG, hello, total_bytes, "total"),
    FIELD(FIELD_TEXT, hello, kernel, "kernel"),
};
const struct schema hello_schema = SCHEMA(hello, hello_fields);

static const struct field reading_fields[] = {
    FIELD(FIELD_LONG, reading, clock_usec, "clock"),
    FIELD(FIELD_LONG, reading, now_usec, "now"),
};
const struct schema reading_schema = SCHEMA(reading, reading_fields);

static const struct field setup_guest_fields[] = {
    FIELD(FIELD_LONG, setup_guest, reading.clock_usec, "clock"),
    FIELD(FIELD_LONG, setup_guest, reading.now_usec, "now"),
    FIELD(FIELD_LONG, setup_guest, realtime_usec, "realtime"),
    FIELD(FIELD_TEXT, setup_guest, entropy, "entropy"),
    FIELD(FIELD_TEXT, setup_guest, hostname, "hostname"),
    FIELD(FIELD_BOOL, setup_guest, disks, "disks"),
};
static const struct schema setup_guest_schema = SCHEMA(setup_guest, setup_guest_fields);

static const struct field setup_fields[] = {
    FIELD(FIELD_INSTANCE, setup, instance, "instance"),
    FIELD(FIELD_LONG, setup, origin_usec, "origin"),
    FIELD(FIELD_TEXT, setup, folder, "folder"),
    FIELD(FIELD_TEXT, setup, group, "group"),
    FIELD(FIELD_TEXT, setup, work_program, "workProgram"),
    FIELD(FIELD_TEXT, setup, prints, "prints"),
    FIELD(FIELD_BOOL, setup, print_lines, "printLines"),
    FIELD_OF(FIELD_RECORD, setup, guest, "guest", &setup_guest_schema),
    FIELD(FIELD_BOOL, setup, hands, "hands"),
    FIELD(FIELD_LONG, setup, used_usec, "usedEvery"),
    FIELD(FIELD_BOOL, setup, boot_modelled, "bootModelled"),
    FIELD(FIELD_LONG, setup, jitter_usec, "jitter"),
    FIELD(FIELD_LONG, setup, jitter_seed, "jitterSeed"),
};
const struct schema setup_schema = SCHEMA(setup, setup_fields);

static const struct field text_fields[] = {FIELD(FIELD_TEXT, text, text, "text")};
static const struct schema text_schema = SCHEMA(text, text_fields);

static const struct field plan_link_fields[] = {
    FIELD(FIELD_INT, plan_link, container, "container"),
    FIELD(FIELD_TEXT, plan_link, alias, "alias"),
};
static const struct schema plan_link_schema = SCHEMA(plan_link, plan_link_fields);

static const struct field plan_limit_fields[] = {
    FIELD(FIELD_INT, plan_limit, resource, "resource"),
    FIELD(FIELD_LONG, plan_limit, soft, "soft"),
    FIELD(FIELD_LONG, plan_limit, hard, "hard"),
};
static const struct schema plan_limit_schema = SCHEMA(plan_limit, plan_limit_fields);

static const struct field plan_mount_fields[] = {
    FIELD(FIELD_TEXT, plan_mount, path, "path"),
    FIELD(FIELD_TEXT, plan_mount, source, "source"),
    FIELD(FIELD_BOOL, plan_mount, of_task, "ofTask"),
    FIELD(FIELD_BOOL, plan_mount, read_only, "readOnly"),
    FIELD(FIELD_BOOL, plan_mount, fill, "fill"),
    FIELD(FIELD_LONG, plan_mount, size_bytes, "size"),
    FIELD(FIELD_TEXT, plan_mount, options, "options"),
    FIELD(FIELD_LONG, plan_mount, flags, "flags"),
};
static const struct schema plan_mount_schema = SCHEMA(plan_mount, plan_mount_fields);

static const struct field plan_port_fields[] = {
    FIELD(FIELD_INT, plan_port, port, "port"),
};
static const struct schema plan_port_schema = SCHEMA(plan_port, plan_port_fields);

static const struct field plan_container_fields[] = {
    FIELD(FIELD_TEXT, plan_container, name, "name"),
    FIELD(FIELD_TEXT, plan_container, image, "image"),
    FIELD(FIELD_TEXT, plan_container, layout, "layout"),
    FIELD(FIELD_BOOL, plan_container, performs, "performs"),
    FIELD_LIST_OF(plan_container, entry_point, "entryPoint", &text_schema),
    FIELD_LIST_OF(plan_container, command, "command", &text_schema),
    FIELD_LIST_OF(plan_container, environment, "environment", &text_schema),
    FIELD(FIELD_TEXT, plan_container, working_directory, "workingDirectory"),
    FIELD(FIELD_TEXT, plan_container, user, "user"),
    FIELD(FIELD_TEXT, plan_container, hostname, "hostname"),
    FIELD(FIELD_BOOL, plan_container, readonly_root, "readonlyRootFilesystem"),
    FIELD(FIELD_BOOL, plan_container, no_network, "disableNetworking"),
    FIELD_LIST_OF(plan_container, hosts, "extraHosts", &text_schema),
    FIELD_LIST_OF(plan_container, links, "links", &plan_link_schema),
    FIELD_LIST_OF(plan_container, dns_servers, "dnsServers", &text_schema),
    FIELD_LIST_OF(plan_container, dns_search, "dnsSearchDomains", &text_schema),
    FIELD_LIST_OF(plan_container, limits, "ulimits", &plan_limit_schema),
    FIELD(FIELD_LONG, plan_container, add_capabilities, "addCapabilities"),
    FIELD(FIELD_LONG, plan_container, drop_capabilities, "dropCapabilities"),
    FIELD(FIELD_LONG, plan_container, shm_bytes, "sharedMemory"),
    FIELD_LIST_OF(plan_container, controls, "systemControls", &text_schema),
    FIELD_LIST_OF(plan_container, mounts, "mounts", &plan_mount_schema),
    FIELD(FIELD_BOOL, plan_container, health_shell, "healthShell"),
    FIELD_LIST_OF(plan_container, health_command, "healthCommand", &text_schema),
    FIELD(FIELD_LONG, plan_container, weight_cpu, "weight"),
    FIELD(FIELD_LONG, plan_container, memory_bytes, "memory"),
    FIELD(FIELD_LONG, plan_container, reserved_bytes, "memoryReservation"),
    FIELD(FIELD_LONG, plan_container, swap_bytes, "swap"),
    FIELD(FIELD_INT, plan_container, swappiness, "swappiness"),
    FIELD_LIST_OF(plan_container, ports, "ports", &plan_port_schema),
    FIELD(FIELD_INT, plan_container, concurrency, "concurrency"),
    FIELD(FIELD_INT, plan_container, line, "line"),
    FIELD(FIELD_LONG, plan_container, service_usec, "serviceTime"),
    FIELD(FIELD_LONG, plan_container, service_wait_usec, "serviceWait"),
    FIELD(FIELD_INT, plan_container, draws, "draws"),
};
static const struct schema plan_container_schema = SCHEMA(plan_container, plan_container_fields);

static const struct field plan_guest_fields[] = {
    FIELD(FIELD_TEXT, plan_guest, qemu, "qemu"),
    FIELD(FIELD_TEXT, plan_guest, vmlinuz, "vmlinuz"),
    FIELD(FIELD_TEXT, plan_guest, vmlinux, "vmlinux"),
    FIELD(FIELD_TEXT, plan_guest, initramfs, "initramfs"),
    FIELD(FIELD_BOOL, plan_guest, kvm, "kvm"),
    FIELD(FIELD_INT, plan_guest, start, "start"),
    FIELD(FIELD_LONG, plan_guest, memory_mib, "memory"),
    FIELD(FIELD_INT, plan_guest, cpus, "cpus"),
    FIELD(FIELD_TEXT, plan_guest, memory_file, "memoryFile"),
    FIELD(FIELD_TEXT, plan_guest, state_file, "stateFile"),
    FIELD(FIELD_TEXT, plan_guest, images_disk, "imagesDisk"),
    FIELD(FIELD_TEXT, plan_guest, scratch_disk, "scratchDisk"),
    FIELD(FIELD_TEXT, plan_guest, more, "commandLine"),
    FIELD(FIELD_LONG, plan_guest, patience_usec, "patience"),
};
static const struct schema plan_guest_schema = SCHEMA(plan_guest, plan_guest_fields);

static const struct field plan_fields[] = {
    FIELD(FIELD_TASKDEF, plan, taskdef, "taskDefinition"),
    FIELD_OF(FIELD_RECORD, plan, definition, "definition", &task_definition_schema),
    FIELD(FIELD_LONG, plan, quota_cpu, "quota"),
    FIELD(FIELD_LONG, plan, weight_cpu, "weight"),
    FIELD(FIELD_LONG, plan, memory_bytes, "memory"),
    FIELD(FIELD_LONG, plan, swap_bytes, "swap"),
    FIELD_OF(FIELD_RECORD, plan, guest, "guest", &plan_guest_schema),
    FIELD_LIST_OF(plan, containers, "containers", &plan_container_schema),
};
const struct schema plan_schema = SCHEMA(plan, plan_fields);

static const struct field duty_container_fields[] = {
    FIELD(FIELD_LONG, duty_container, ready_usec, "ready"),
    FIELD(FIELD_LONG, duty_container, work_usec, "work"),
    FIELD(FIELD_INT, duty_container, threads, "threads"),
    FIELD(FIELD_LONG, duty_container, idle_usec, "idle"),
    FIELD(FIELD_LONG, duty_container, memory_bytes, "memory"),
    FIELD(FIELD_INT, duty_container, exit_code, "exit"),
    FIELD(FIELD_LONG, duty_container, stop_usec, "stop"),
    FIELD(FIELD_LONG, duty_container, unhealthy_after_usec, "unhealthyAfter"),
};
static const struct schema duty_container_schema = SCHEMA(duty_container, duty_container_fields);

static const struct field duty_fields[] = {
    FIELD(FIELD_TASK, duty, task, "task"),
    FIELD(FIELD_TASKDEF, duty, taskdef, "taskDefinition"),
    FIELD_LIST_OF(duty, containers, "containers", &duty_container_schema),
};
const struct schema duty_schema = SCHEMA(duty, duty_fields);

static const struct field fault_order_fields[] = {
    FIELD(FIELD_TASK, fault_order, task, "task"),
    FIELD(FIELD_OPTIONAL, fault_order, container, "container"),
};
const struct schema fault_order_schema = SCHEMA(fault_order, fault_order_fields);

static const struct field registry_order_fields[] = {
    FIELD(FIELD_LONG, registry_order, slow_until_usec, "slowUntil"),
    FIELD(FIELD_LONG, registry_order, permille, "permille"),
    FIELD(FIELD_LONG, registry_order, dead_until_usec, "deadUntil"),
    FIELD(FIELD_LONG, registry_order, patience_usec, "patience"),
};
const struct schema registry_order_schema = SCHEMA(registry_order, registry_order_fields);

const struct schema nothing_schema = {0, NULL, 0};

static const struct field print_line_fields[] = {
    FIELD(FIELD_TEXT, print_line, name, "name"),
    FIELD(FIELD_TEXT, print_line, bytes, "bytes"),
};
const struct schema print_line_schema = SCHEMA(print_line, print_line_fields);

static const struct field used_fields[] = {
    FIELD(FIELD_TASK, used, task, "task"),
    FIELD(FIELD_LONG, used, cpu_usec, "cpu"),
    FIELD(FIELD_LONG, used, throttled_usec, "throttled"),
    FIELD(FIELD_LONG, used, memory_bytes, "memory"),
};
const struct schema used_schema = SCHEMA(used, used_fields);

static const struct field finished_fields[] = {FIELD(FIELD_TEXT, finished, error, "error")};
const struct schema finished_schema = SCHEMA(finished, finished_fields);

char *protocol_hex(const void *bytes, size_t n)
{
    static const char digits[] = "0123456789abcdef";
    char *text = malloc(2 * n + 1);

    assert(text);
    for (size_t i = 0; i < n; i++) {
        text[2 * i] = digits[((const unsigned char *)bytes)[i] >> 4];
        text[2 * i + 1] = digits[((const unsigned char *)bytes)[i] & 15];
    }
    text[2 * n] = '\0';
    return text;
}

char *protocol_unhex(const char *text, size_t *n)
{
    size_t length = strlen(text);
    char *bytes;

    if (length % 2 != 0 || strspn(text, "0123456789abcdef") != length) {
        return NULL;
    }
    *n = length / 2;
    bytes = malloc(*n + 1);
    assert(bytes);
    for (size_t i = 0; i < *n; i++) {
        const char digits[3] = {text[2 * i], text[2 * i + 1], '\0'};

        bytes[i] = (char)strtol(digits, NULL, 16);
    }
    return bytes;
}

void channel_open(struct channel *channel, int fd)
{
    struct stat is;

    *channel = (struct channel){.fd = fd};
    if (fd >= 0 && fstat(fd, &is) == 0 && S_ISCHR(is.st_mode)) {
        channel->is_port = true;
        fcntl(fd, F_SETFL, O_NONBLOCK);
    }
}

static ssize_t send_some(const struct channel *channel, const char *bytes, size_t n)
{
    return channel->is_port ? write(channel->fd, bytes, n)
                            : send(channel->fd, bytes, n, MSG_NOSIGNAL | MSG_DONTWAIT);
}

/* A port at which nobody listens yet has nothing to read, which is not its end. */
static ssize_t receive_some(const struct channel *channel, char *bytes, size_t size)
{
    ssize_t n;

    if (!channel->is_port) {
        return recv(channel->fd, bytes, size, MSG_DONTWAIT);
    }
    n = read(channel->fd, bytes, size);
    if (n == 0) {
        errno = EAGAIN;
        return -1;
    }
    return n;
}

void channel_close(struct channel *channel)
{
    if (channel->fd >= 0) {
        close(channel->fd);
    }
    buffer_finish(&channel->out);
    buffer_finish(&channel->in);
    *channel = (struct channel){.fd = -1, .closed = true};
}

static void begin(struct channel *channel, enum protocol_word word)
{
    buffer_add_text(&channel->out, words[word]);
    buffer_add_text(&channel->out, " ");
}

void channel_send_event(struct channel *channel, enum protocol_word word,
                        const struct message *message)
{
    begin(channel, word);
    codec_write_message(&channel->out, message);
    buffer_add_text(&channel->out, "\n");
}

void channel_send_message(struct channel *channel, const struct message *message)
{
    channel_send_event(channel, WORD_MESSAGE, message);
}

void channel_send_record(struct channel *channel, const struct record *record)
{
    begin(channel, WORD_RECORD);
    codec_write_record(&channel->out, record);
    buffer_add_text(&channel->out, "\n");
}

void channel_send(struct channel *channel, enum protocol_word word, const struct schema *schema,
                  const void *what)
{
    begin(channel, word);
    codec_write_struct(&channel->out, schema, what);
    buffer_add_text(&channel->out, "\n");
}

void channel_send_lines(struct channel *channel, const char *lines, size_t length)
{
    buffer_add_bytes(&channel->out, lines, length);
}

bool channel_flush(struct channel *channel)
{
    while (!channel->closed && channel->n_sent < channel->out.length) {
        ssize_t n = send_some(channel, channel->out.text + channel->n_sent,
                              channel->out.length - channel->n_sent);

        if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
            return true;
        }
        if (n < 0 && errno != EINTR) {
            /* What the other end said before it went can still be read: channel_fill() closes. */
            break;
        }
        if (n > 0) {
            channel->n_sent += (size_t)n;
        }
    }
    buffer_clear(&channel->out);
    channel->n_sent = 0;
    return false;
}

/* Drops what was handed out, so that the buffer holds only the beginning of the next line. */
static void compact(struct channel *channel)
{
    struct buffer *in = &channel->in;

    if (channel->n_read > 0) {
        memmove(in->text, in->text + channel->n_read, in->length - channel->n_read);
        in->length -= channel->n_read;
        channel->n_read = 0;
    }
}

void channel_fill(struct channel *channel)
{
    char bytes[65536];

    compact(channel);
    while (!channel->closed) {
        ssize_t n = receive_some(channel, bytes, sizeof bytes);

        if (n > 0) {
            buffer_add_bytes(&channel->in, bytes, (size_t)n);
        } else if (n == 0 || (errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR)) {
            channel->closed = true;
        } else if (errno != EINTR) {
            return;
        }
        if (channel->in.length > PROTOCOL_LINE_MAX) {
            return; /* enough for one turn; channel_next() judges whether it holds a line */
        }
    }
}

void channel_reject(struct channel *channel)
{
    channel->closed = true;
    channel->n_read = channel->in.length;
}

bool channel_next(struct channel *channel, struct line *line)
{
    struct buffer *in = &channel->in;
    size_t left = in->length - channel->n_read;
    char *start = left ? in->text + channel->n_read : NULL;
    char *end = left ? memchr(start, '\n', left) : NULL;

    if (end == NULL) {
        if (left > PROTOCOL_LINE_MAX) {
            channel_reject(channel);
        }
        return false;
    }
    channel->n_read += (size_t)(end - start) + 1;
    for (int i = 0; i < WORDS; i++) {
        size_t n = strlen(words[i]);

        if ((size_t)(end - start) > n && strncmp(start, words[i], n) == 0 && start[n] == ' ') {
            *line = (struct line){i, start + n + 1, (size_t)(end - start) - n - 1};
            return true;
        }
    }
    channel_reject(channel);
    return false;
}
