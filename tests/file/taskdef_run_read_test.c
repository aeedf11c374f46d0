/*
 * The whole format of task definitions: every member that ECS has is read and checked, what berth does
 * not simulate is named when asked, and what a real container needs arrives.
 */
#include "reading.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

struct row {
    const char *text, *findings;
};

/* Containers of a definition "d"; they begin at column 80. */
static const struct row containers[] = {
    {"{\"name\":\"a\",\"image\":\"i\",\"memory\":64.0,\"cpu\":1e2}",
     "1:113: warning: taskDefinitions[0].containerDefinitions[0].memory: found a decimal; ECS "
     "takes "
     "a whole number here: 64\n1:124: warning: taskDefinitions[0].containerDefinitions[0].cpu: "
     "found a "
     "decimal; ECS takes a whole number here: 100"},
    {"{\"name\":\"a\",\"image\":\"i\",\"memory\":8,\"portMappings\":[{\"containerPort\":1,"
     "\"protocol\":\"TCP\"}]}",
     "1:161: warning: taskDefinitions[0].containerDefinitions[0].portMappings[0].protocol: found "
     "\"TCP\"; ECS takes tcp here"},
    {"{\"name\":\"a\",\"image\":\"i\",\"memory\":8,\"command\":\"sleep  "
     "10\",\"entryPoint\":\"sh\"}",
     "1:125: warning: taskDefinitions[0].containerDefinitions[0].command: found \"sleep  10\" "
     "where "
     "ECS takes a list: taken as its words\n1:150: warning: "
     "taskDefinitions[0].containerDefinitions[0].entryPoint: found \"sh\" where ECS takes a list: "
     "taken as a list of one"},
    {"{\"name\":\"a\",\"image\":\"i\",\"memory\":8,\"command\":\"echo $A; ls\"}",
     "1:125: error: taskDefinitions[0].containerDefinitions[0].command: found \"echo $A; ls\" "
     "where "
     "ECS takes a list of words, such as [\"sh\", \"-c\", \"sleep 1; echo done\"]"},
    {"{\"name\":\"a\",\"image\":\"i\",\"memory\":8,\"command\":[\"sleep\",10],\"environment\":{"
     "\"A\":"
     "\"b\",\"C\":1}}",
     "1:134: warning: taskDefinitions[0].containerDefinitions[0].command[1]: found 10; ECS takes a "
     "text here: \"10\"\n1:152: warning: taskDefinitions[0].containerDefinitions[0].environment: "
     "found "
     "an object of variables; ECS takes a list of {\"name\", \"value\"}\n1:165: warning: "
     "taskDefinitions[0].containerDefinitions[0].environment.C: found 1; ECS takes a text here: "
     "\"1\""},
    {"{\"name\":\"a\",\"image\":\"i\",\"memory\":8,\"dockerLabels\":{\"a\":1}}",
     "1:135: warning: taskDefinitions[0].containerDefinitions[0].dockerLabels.a: found 1; ECS "
     "takes a "
     "text here: \"1\""},
    {"{\"name\":\"a\",\"image\":\"i\",\"memory\":8,\"resourceRequirements\":[{\"type\":\"GPU\","
     "\"value\":\"ALL\"}]},{\"name\":\"b\",\"image\":\"i\",\"memory\":8,\"resourceRequirements\":[{"
     "\"type\":\"GPU\",\"value\":\"1\"}]}",
     "1:138: error: taskDefinitions[0].containerDefinitions[0].resourceRequirements: ALL GPUs of "
     "an "
     "instance, and other containers want some: it fits nowhere"},
    {"{\"name\":\"a\",\"image\":\"i\",\"memory\":8,\"healthCheck\":{\"command\":[\"CMD-SHELL\","
     "\"true\"]}}",
     ""},
    {"{\"name\":\"a\",\"image\":\"i\",\"memory\":8,\"healthCheck\":{\"command\":[\"CMD\",\"/bin/"
     "true\",\"x\"],\"startPeriod\":301,\"retries\":0,\"timeout\":1}}",
     "1:178: error: taskDefinitions[0].containerDefinitions[0].healthCheck.startPeriod: found 301, "
     "wanted a whole number from 0 to 300\n1:192: error: "
     "taskDefinitions[0].containerDefinitions[0].healthCheck.retries: found 0, wanted a whole "
     "number from 1 to 10\n1:204: error: "
     "taskDefinitions[0].containerDefinitions[0].healthCheck.timeout: found 1, wanted a whole "
     "number from 2 to 60"},
    {"{\"name\":\"a\",\"image\":\"i\",\"memory\":8,\"healthCheck\":{\"command\":[]}}",
     "1:140: error: taskDefinitions[0].containerDefinitions[0].healthCheck.command: found an empty "
     "list, wanted [\"CMD-SHELL\", \"...\"] or [\"CMD\", program, ...]"},
    {"{\"name\":\"a\",\"image\":\"i\",\"memory\":8,\"healthCheck\":{\"command\":[\"CMD-SHELL\"]}}",
     "1:140: error: taskDefinitions[0].containerDefinitions[0].healthCheck.command: CMD-SHELL "
     "takes one text, a line for the shell"},
    {"{\"name\":\"a\",\"image\":\"i\",\"memory\":8,\"healthCheck\":{\"command\":[\"CMD-SHELL\","
     "\"a\",\"b\"]}}",
     "1:140: error: taskDefinitions[0].containerDefinitions[0].healthCheck.command: CMD-SHELL "
     "takes one text, a line for the shell"},
    {"{\"name\":\"a\",\"image\":\"i\",\"memory\":8,\"healthCheck\":{\"command\":[\"CMD\"]}}",
     "1:140: error: taskDefinitions[0].containerDefinitions[0].healthCheck.command: CMD takes a "
     "program"},
    {"{\"name\":\"a\",\"image\":\"i\",\"memory\":8,\"healthCheck\":{\"command\":[\"curl -f "
     "http://localhost\"]}}",
     "1:141: warning: taskDefinitions[0].containerDefinitions[0].healthCheck.command[0]: found "
     "\"curl -f http://localhost\" where ECS takes CMD or CMD-SHELL: taken as CMD-SHELL"},
    {"{\"name\":\"a\",\"image\":\"i\",\"memory\":8,\"healthCheck\":{\"command\":[\"curl\",\"-f\"]}"
     "}",
     "1:141: warning: taskDefinitions[0].containerDefinitions[0].healthCheck.command[0]: found "
     "\"curl\" where ECS takes CMD or CMD-SHELL: taken as CMD"},
    {"{\"name\":\"a\",\"image\":\"i\",\"memory\":8,\"restartPolicy\":{}}",
     "1:131: error: taskDefinitions[0].containerDefinitions[0].restartPolicy.enabled: missing: "
     "whether it is started again at all"},
    {"{\"name\":\"a\",\"image\":\"i\",\"memory\":8,\"restartPolicy\":{\"enabled\":true,"
     "\"restartAttemptPeriod\":59,\"ignoredExitCodes\":[0,256]}}",
     "1:170: error: taskDefinitions[0].containerDefinitions[0].restartPolicy.restartAttemptPeriod: "
     "found 59, wanted a whole number from 60 to 1800\n1:195: error: "
     "taskDefinitions[0].containerDefinitions[0].restartPolicy.ignoredExitCodes[1]: found 256, "
     "wanted a whole number from 0 to 255"},
    {"{\"name\":\"a\",\"image\":\"i\",\"memory\":8,\"restartPolicy\":{\"enabled\":\"yes\","
     "\"restartAttemptPeriod\":\"5m\"}}",
     "1:142: error: taskDefinitions[0].containerDefinitions[0].restartPolicy.enabled: found "
     "\"yes\", wanted true or false\n1:171: error: "
     "taskDefinitions[0].containerDefinitions[0].restartPolicy.restartAttemptPeriod: found \"5m\"; "
     "ECS takes seconds here: 300"},
    {"{\"name\":\"a\",\"image\":\"i\",\"memory\":8,\"restartPolicy\":{\"enabled\":true,"
     "\"ignoredExitCodes\":[1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,"
     "1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1]}}",
     "1:166: error: taskDefinitions[0].containerDefinitions[0].restartPolicy.ignoredExitCodes: 51 "
     "exit codes; ECS takes at most 50"},
    {"{\"name\":\"a\",\"image\":\"i\",\"memory\":8,\"resourceRequirements\":[{\"type\":\"GPU\","
     "\"value\":\"0\"}]}",
     "1:161: error: taskDefinitions[0].containerDefinitions[0].resourceRequirements[0].value: "
     "found \"0\", wanted a number of GPUs such as \"1\", or \"ALL\""},
    {"{\"name\":\"a\",\"image\":\"i\",\"memory\":8,\"resourceRequirements\":[{\"type\":\"GPUs\","
     "\"value\":\"1\"},{\"value\":\"1\"}]}",
     "1:147: error: taskDefinitions[0].containerDefinitions[0].resourceRequirements[0].type: found "
     "\"GPUs\", wanted one of GPU, InferenceAccelerator, NeuronDevice (did you mean GPU?)\n1:167: "
     "error: taskDefinitions[0].containerDefinitions[0].resourceRequirements[1].type: missing: "
     "GPU; the others have no effect yet"},
    {"{\"name\":\"a\",\"image\":\"i\",\"memory\":8,\"resourceRequirements\":[{\"type\":\"GPU\","
     "\"value\":\"one\"},{\"type\":\"InferenceAccelerator\",\"value\":\"d\"}]}",
     "1:161: error: taskDefinitions[0].containerDefinitions[0].resourceRequirements[0].value: "
     "found \"one\", wanted a number of GPUs such as \"1\", or \"ALL\""},
    {"{\"name\":\"a\",\"image\":\"i\",\"memory\":8,\"portMappings\":[{\"containerPortRange\":\"90-"
     "80\"},{\"containerPortRange\":\"80-\"},{\"containerPortRange\":\"80-90\",\"containerPort\":"
     "80}]}",
     "1:153: error: taskDefinitions[0].containerDefinitions[0].portMappings[0].containerPortRange: "
     "found \"90-80\", wanted a range of ports such as \"8000-8010\"\n1:184: error: "
     "taskDefinitions[0].containerDefinitions[0].portMappings[1].containerPortRange: found "
     "\"80-\", wanted a range of ports such as \"8000-8010\"\n1:237: error: "
     "taskDefinitions[0].containerDefinitions[0].portMappings[2].containerPort: the mapping has a "
     "containerPortRange already"},
    {"{\"name\":\"a\",\"image\":\"i\",\"memory\":8,\"portMappings\":[{\"containerPortRange\":\"80-"
     "1090\"}]}",
     "1:153: warning: "
     "taskDefinitions[0].containerDefinitions[0].portMappings[0].containerPortRange: 1011 ports: "
     "berth maps the first 100"},
    {"{\"name\":\"a\",\"image\":\"i\",\"memory\":8,\"portMappings\":[{\"containerPort\":80,"
     "\"appProtocol\":\"https\"}]}",
     "1:165: error: taskDefinitions[0].containerDefinitions[0].portMappings[0].appProtocol: found "
     "\"https\", wanted one of http, http2, grpc (did you mean http?)"},
    {"{\"name\":\"a\",\"image\":\"i\",\"memory\":8,\"ulimits\":[{\"name\":\"nofile\",\"softLimit\":"
     "2048,\"hardLimit\":1024},{\"name\":\"nofiles\",\"softLimit\":1,\"hardLimit\":1},{\"name\":"
     "\"core\"}]}",
     "1:155: error: taskDefinitions[0].containerDefinitions[0].ulimits[0].softLimit: 2048 is more "
     "than the hardLimit, 1024\n1:186: error: "
     "taskDefinitions[0].containerDefinitions[0].ulimits[1].name: found \"nofiles\", wanted one of "
     "core, cpu, data, fsize, locks, memlock, msgqueue, nice, nofile, nproc, rss, rtprio, rttime, "
     "sigpending, stack (did you mean nofile?)\n1:225: error: "
     "taskDefinitions[0].containerDefinitions[0].ulimits[2].softLimit: missing: -1: none\n1:225: "
     "error: taskDefinitions[0].containerDefinitions[0].ulimits[2].hardLimit: missing: at least "
     "the soft one; -1: none"},
    {"{\"name\":\"a\",\"image\":\"i\",\"memory\":8,\"ulimits\":[{\"name\":\"core\",\"softLimit\":0,"
     "\"hardLimit\":-1},{\"name\":\"cpu\",\"softLimit\":-1,\"hardLimit\":5}]}",
     "1:197: error: taskDefinitions[0].containerDefinitions[0].ulimits[1].softLimit: -1 is more "
     "than the hardLimit, 5"},
    {"{\"name\":\"a\",\"image\":\"i\",\"memory\":8,\"systemControls\":[{\"namespace\":\"net.core."
     "somaxconn\",\"value\":\"1024\"},{\"namespace\":\"kernel.shmmax\",\"value\":\"1\"},{"
     "\"namespace\":\"vm.swappiness\",\"value\":\"1\"},{\"value\":\"1\"}]}",
     "1:238: error: taskDefinitions[0].containerDefinitions[0].systemControls[2].namespace: found "
     "\"vm.swappiness\"; ECS takes what a container has for itself: net.*, fs.mqueue.*, "
     "kernel.msg*, kernel.sem, kernel.shm*\n1:267: error: "
     "taskDefinitions[0].containerDefinitions[0].systemControls[3]: wanted a namespace and a "
     "value"},
    {"{\"name\":\"a\",\"image\":\"i\",\"memory\":8,\"linuxParameters\":{\"tmpfs\":[{"
     "\"containerPath\":\"tmp\",\"size\":64},{\"containerPath\":\"/t\",\"size\":0},{\"size\":1}]}}",
     "1:160: error: "
     "taskDefinitions[0].containerDefinitions[0].linuxParameters.tmpfs[0].containerPath: found "
     "\"tmp\", wanted an absolute path\n1:206: error: "
     "taskDefinitions[0].containerDefinitions[0].linuxParameters.tmpfs[1].size: found 0, wanted a "
     "whole number from 1 to 33554432\n1:209: error: "
     "taskDefinitions[0].containerDefinitions[0].linuxParameters.tmpfs[2].containerPath: missing: "
     "where in the container"},
    {"{\"name\":\"a\",\"image\":\"i\",\"memory\":8,\"linuxParameters\":{\"tmpfs\":[{"
     "\"containerPath\":\"/t\",\"size\":64,\"mountOptions\":[\"noexec\",\"noexecc\"]}]}}",
     "1:200: error: "
     "taskDefinitions[0].containerDefinitions[0].linuxParameters.tmpfs[0].mountOptions[1]: found "
     "\"noexecc\", wanted one of defaults, ro, rw, suid, nosuid, dev, nodev, exec, noexec, sync, "
     "async, dirsync, remount, mand, nomand, atime, noatime, diratime, nodiratime, bind, rbind, "
     "unbindable, runbindable, ... (did you mean noexec?)"},
    {"{\"name\":\"a\",\"image\":\"i\",\"memory\":8,\"linuxParameters\":{\"capabilities\":{\"add\":["
     "\"NET_ADMIN\"],\"drop\":[\"CAP_MKNOD\"]}}}",
     "1:178: error: "
     "taskDefinitions[0].containerDefinitions[0].linuxParameters.capabilities.drop[0]: found "
     "\"CAP_MKNOD\", wanted one of ALL, AUDIT_CONTROL, AUDIT_WRITE, BLOCK_SUSPEND, CHOWN, "
     "DAC_OVERRIDE, DAC_READ_SEARCH, FOWNER, FSETID, IPC_LOCK, IPC_OWNER, KILL, LEASE, "
     "LINUX_IMMUTABLE, MAC_ADMIN, MAC_OVERRIDE, ... (did you mean MKNOD?)"},
    {"{\"name\":\"a\",\"image\":\"i\",\"memory\":8,\"linuxParameters\":{\"maxSwap\":-1,"
     "\"swappiness\":101,\"sharedMemorySize\":\"64MiB\",\"initProcessEnabled\":1}}",
     "1:144: error: taskDefinitions[0].containerDefinitions[0].linuxParameters.maxSwap: found -1, "
     "wanted a whole number from 0 to 33554432\n1:160: error: "
     "taskDefinitions[0].containerDefinitions[0].linuxParameters.swappiness: found 101, wanted a "
     "whole number from 0 to 100\n1:183: error: "
     "taskDefinitions[0].containerDefinitions[0].linuxParameters.sharedMemorySize: found "
     "\"64MiB\"; ECS takes MiB here: 64\n1:212: error: "
     "taskDefinitions[0].containerDefinitions[0].linuxParameters.initProcessEnabled: found 1, "
     "wanted true or false"},
    {"{\"name\":\"a\",\"image\":\"i\",\"memory\":8,\"linuxParameters\":{\"swappiness\":10}}",
     "1:147: warning: taskDefinitions[0].containerDefinitions[0].linuxParameters.swappiness: ECS "
     "takes no notice of it without maxSwap"},
    {"{\"name\":\"a\",\"image\":\"i\",\"memory\":8,\"linuxParameters\":{\"devices\":[{"
     "\"containerPath\":\"/dev/x\",\"permissions\":[\"exec\"]}]}}",
     "1:145: error: "
     "taskDefinitions[0].containerDefinitions[0].linuxParameters.devices[0].hostPath: missing: ECS "
     "wants it; no effect\n1:186: error: "
     "taskDefinitions[0].containerDefinitions[0].linuxParameters.devices[0].permissions[0]: found "
     "\"exec\", wanted one of read, write, mknod"},
    {"{\"name\":\"a\",\"image\":\"i\",\"memory\":8,\"mountPoints\":[{\"sourceVolume\":\"data\","
     "\"containerPath\":\"/d\"},{\"containerPath\":\"/d\"}]}",
     "1:146: warning: taskDefinitions[0].containerDefinitions[0].mountPoints[0].sourceVolume: no "
     "volume \"data\" in this definition: not mounted\n1:175: error: "
     "taskDefinitions[0].containerDefinitions[0].mountPoints[1]: wanted a sourceVolume and a "
     "containerPath"},
    {"{\"name\":\"a\",\"image\":\"i\",\"memory\":8,\"volumesFrom\":[{\"sourceContainer\":\"a\"},{"
     "\"sourceContainer\":\"z\"},{}]}",
     "1:149: error: taskDefinitions[0].containerDefinitions[0].volumesFrom[0].sourceContainer: a "
     "container cannot wait for itself\n1:173: error: "
     "taskDefinitions[0].containerDefinitions[0].volumesFrom[1].sourceContainer: no container "
     "\"z\" in this definition (did you mean a?)\n1:178: error: "
     "taskDefinitions[0].containerDefinitions[0].volumesFrom[2].sourceContainer: missing: a "
     "container of the same definition"},
    {"{\"name\":\"a\",\"image\":\"i\",\"memory\":8,\"links\":[\"z:y\"]}",
     "1:124: error: taskDefinitions[0].containerDefinitions[0].links[0]: no container \"z\" in "
     "this definition (did you mean a?)"},
    {"{\"name\":\"a\",\"image\":\"i\",\"memory\":8,\"extraHosts\":[{\"hostname\":\"x\"}]}",
     "1:129: error: taskDefinitions[0].containerDefinitions[0].extraHosts[0].ipAddress: missing: "
     "its address"},
    {"{\"name\":\"a\",\"image\":\"i\",\"memory\":8,\"dockerLabels\":[]}",
     "1:130: error: taskDefinitions[0].containerDefinitions[0].dockerLabels: found a list, wanted "
     "an object of names and texts"},
    {"{\"name\":\"a\",\"image\":\"i\",\"memory\":8,\"logConfiguration\":{\"logDriver\":\"awslog\","
     "\"options\":{\"a\":1},\"secretOptions\":{\"name\":\"x\"}}}",
     "1:147: error: taskDefinitions[0].containerDefinitions[0].logConfiguration.logDriver: found "
     "\"awslog\", wanted one of json-file, syslog, journald, gelf, fluentd, awslogs, splunk, "
     "awsfirelens (did you mean awslogs?)\n1:171: warning: "
     "taskDefinitions[0].containerDefinitions[0].logConfiguration.options.a: found 1; ECS takes a "
     "text here: \"1\"\n1:190: warning: "
     "taskDefinitions[0].containerDefinitions[0].logConfiguration.secretOptions: found an object "
     "where ECS takes a list: taken as a list of one\n1:190: error: "
     "taskDefinitions[0].containerDefinitions[0].logConfiguration.secretOptions.valueFrom: "
     "missing: ECS wants it; no effect"},
    {"{\"name\":\"a\",\"image\":\"i\",\"memory\":8,\"logConfiguration\":{}}",
     "1:134: error: taskDefinitions[0].containerDefinitions[0].logConfiguration.logDriver: "
     "missing: a real run writes files, whatever it is"},
    {"{\"name\":\"a\",\"image\":\"i\",\"memory\":8,\"privileged\":\"true\",\"interactive\":1,"
     "\"pseudoTerminal\":null,\"disableNetworking\":true}",
     "1:128: warning: taskDefinitions[0].containerDefinitions[0].privileged: found \"true\"; ECS "
     "takes true without quotes here\n1:149: error: "
     "taskDefinitions[0].containerDefinitions[0].interactive: found 1, wanted true or "
     "false\n1:168: warning: taskDefinitions[0].containerDefinitions[0].pseudoTerminal: found "
     "null: taken as absent"},
    {"{\"name\":\"a\",\"image\":\"i\",\"memory\":8,\"secrets\":[{\"name\":\"x\"}],"
     "\"environmentFiles\":[{\"value\":\"arn\",\"type\":\"file\"}],\"repositoryCredentials\":{},"
     "\"firelensConfiguration\":{\"type\":\"vector\"},\"versionConsistency\":\"on\","
     "\"credentialSpecs\":[1]}",
     "1:126: error: taskDefinitions[0].containerDefinitions[0].secrets[0].valueFrom: missing: ECS "
     "wants it; no effect\n1:182: error: "
     "taskDefinitions[0].containerDefinitions[0].environmentFiles[0].type: found \"file\", wanted "
     "s3\n1:215: error: "
     "taskDefinitions[0].containerDefinitions[0].repositoryCredentials.credentialsParameter: "
     "missing: ECS wants it; no effect\n1:250: error: "
     "taskDefinitions[0].containerDefinitions[0].firelensConfiguration.type: found \"vector\", "
     "wanted one of fluentd, fluentbit\n1:281: error: "
     "taskDefinitions[0].containerDefinitions[0].versionConsistency: found \"on\", wanted one of "
     "enabled, disabled\n1:305: error: "
     "taskDefinitions[0].containerDefinitions[0].credentialSpecs[0]: found 1, wanted a text"},
    {"{\"name\":\"a\",\"image\":\"i\",\"memory\":8,\"healthCheck\":{\"command\":[\"CMD\",\"x\"]}},{"
     "\"name\":\"b\",\"image\":\"i\",\"memory\":8,\"dependsOn\":[{\"containerName\":\"a\","
     "\"condition\":\"HEALTHY\"}],\"volumesFrom\":[{\"sourceContainer\":\"a\",\"readOnly\":true}],"
     "\"links\":[\"a:db\"]}",
     ""},
    {"{\"name\":\"a\",\"image\":\"i\",\"memory\":8,\"links\":[\"b\"]},{\"name\":\"b\",\"image\":"
     "\"i\",\"memory\":8,\"links\":[\"a\"]}",
     "1:173: error: taskDefinitions[0].containerDefinitions[1].links: containers wait for each "
     "other: b -> a -> b"},
    {"{\"name\":\"a\",\"image\":\"i\",\"memory\":8,\"volumesFrom\":[{\"sourceContainer\":\"b\"}]},{"
     "\"name\":\"b\",\"image\":\"i\",\"memory\":8,\"dependsOn\":[{\"containerName\":\"a\","
     "\"condition\":\"START\"}]}",
     "1:203: error: taskDefinitions[0].containerDefinitions[1].dependsOn: containers wait for each "
     "other: b -> a -> b"},
    {"{\"name\":\"a\",\"image\":\"i\",\"memory\":8,\"dependsOn\":[{\"containerName\":\"b\","
     "\"condition\":\"CREATE\"}]},{\"name\":\"b\",\"image\":\"i\",\"memory\":8}",
     "1:161: error: taskDefinitions[0].containerDefinitions[0].dependsOn[0].condition: found "
     "\"CREATE\", wanted one of START, COMPLETE, SUCCESS, HEALTHY"},
};

/* Bare definitions. */
static const struct row definitions[] = {
    {"{\"family\":\"d\",\"containerDefinitions\":[{\"name\":\"a\",\"image\":\"i\",\"memory\":8}],"
     "\"volumes\":[{\"name\":\"v\"},{\"name\":\"v\"},{\"host\":{}}]}",
     "1:108: error: volumes[1].name: a volume \"v\" stands above already\n1:113: error: "
     "volumes[2].name: missing: the volume's name"},
    {"{\"family\":\"d\",\"containerDefinitions\":[{\"name\":\"a\",\"image\":\"i\",\"memory\":8}],"
     "\"volumes\":[{\"name\":\"v\",\"host\":{\"sourcePath\":\"data\"}},{\"name\":\"w\",\"host\":{},"
     "\"dockerVolumeConfiguration\":{}}]}",
     "1:120: error: volumes[0].host.sourcePath: found \"data\", wanted an absolute path\n1:179: "
     "error: volumes[1].dockerVolumeConfiguration: the volume has a host already"},
    {"{\"family\":\"d\",\"containerDefinitions\":[{\"name\":\"a\",\"image\":\"i\",\"memory\":8}],"
     "\"volumes\":[{\"name\":\"v\",\"dockerVolumeConfiguration\":{\"scope\":\"all\","
     "\"autoprovision\":true}}]}",
     "1:136: error: volumes[0].dockerVolumeConfiguration.scope: found \"all\", wanted one of task, "
     "shared\n1:158: error: volumes[0].dockerVolumeConfiguration.autoprovision: belongs to a "
     "volume of scope shared"},
    {"{\"family\":\"d\",\"containerDefinitions\":[{\"name\":\"a\",\"image\":\"i\",\"memory\":8}],"
     "\"volumes\":[{\"name\":\"v\",\"efsVolumeConfiguration\":{\"transitEncryption\":\"ON\"}},{"
     "\"name\":\"w\",\"fsxWindowsFileServerVolumeConfiguration\":{\"fileSystemId\":\"f\"}}]}",
     "1:124: error: volumes[0].efsVolumeConfiguration.fileSystemId: missing: ECS wants it; no "
     "effect\n1:145: error: volumes[0].efsVolumeConfiguration.transitEncryption: found \"ON\", "
     "wanted one of ENABLED, DISABLED\n1:206: error: "
     "volumes[1].fsxWindowsFileServerVolumeConfiguration.rootDirectory: missing: ECS wants it; no "
     "effect\n1:206: error: "
     "volumes[1].fsxWindowsFileServerVolumeConfiguration.authorizationConfig: missing: ECS wants "
     "it; no effect"},
    {"{\"family\":\"d\",\"containerDefinitions\":[{\"name\":\"a\",\"image\":\"i\",\"memory\":8,"
     "\"mountPoints\":[{\"sourceVolume\":\"dta\",\"containerPath\":\"/"
     "d\"},{\"sourceVolume\":\"data\",\"containerPath\":\"d\"}]}],\"volumes\":[{\"name\":\"data\"}]"
     "}",
     "1:105: warning: containerDefinitions[0].mountPoints[0].sourceVolume: no volume \"dta\" in "
     "this definition: not mounted (did you mean data?)\n1:172: error: "
     "containerDefinitions[0].mountPoints[1].containerPath: found \"d\", wanted an absolute path"},
    {"{\"family\":\"d\",\"containerDefinitions\":[{\"name\":\"a\",\"image\":\"i\",\"memory\":8}],"
     "\"pidMode\":\"container\",\"ipcMode\":\"none\"}",
     "1:86: error: pidMode: found \"container\", wanted one of task, host"},
    {"{\"family\":\"d\",\"containerDefinitions\":[{\"name\":\"a\",\"image\":\"i\",\"memory\":8,"
     "\"hostname\":\"h\",\"extraHosts\":[{\"hostname\":\"x\",\"ipAddress\":\"1.2.3.4\"}]}],"
     "\"networkMode\":\"awsvpc\"}",
     "1:85: warning: containerDefinitions[0].hostname: ECS takes no hostname with networkMode "
     "awsvpc\n1:102: warning: containerDefinitions[0].extraHosts: ECS takes no extraHosts with "
     "networkMode awsvpc"},
    {"{\"family\":\"d\",\"containerDefinitions\":[{\"name\":\"a\",\"image\":\"i\",\"memory\":8,"
     "\"systemControls\":[{\"namespace\":\"net.core.somaxconn\",\"value\":\"1\"}],\"portMappings\":"
     "[{\"containerPortRange\":\"80-81\"}]}],\"networkMode\":\"host\"}",
     "1:91: error: containerDefinitions[0].systemControls: net.core.somaxconn would be the "
     "instance's own with networkMode host\n1:178: error: "
     "containerDefinitions[0].portMappings[0].containerPortRange: ECS takes it with networkMode "
     "bridge or awsvpc only"},
    {"{\"family\":\"d\",\"networkMode\":\"host\",\"containerDefinitions\":[{\"name\":\"a\","
     "\"image\":\"i\",\"memory\":8,\"links\":[\"b\"]},{\"name\":\"b\",\"image\":\"i\",\"memory\":8}"
     "]}",
     "1:103: error: containerDefinitions[0].links: ECS takes links with networkMode bridge only, "
     "not with host"},
    {"{\"family\":\"d\",\"containerDefinitions\":[{\"name\":\"a\",\"image\":\"i\",\"memory\":8,"
     "\"privileged\":true,\"stopTimeout\":121,\"linuxParameters\":{\"capabilities\":{\"add\":["
     "\"SYS_PTRACE\",\"KILL\"]},\"maxSwap\":1},\"resourceRequirements\":[{\"type\":\"GPU\","
     "\"value\":\"1\"}]}],\"requiresCompatibilities\":[\"FARGATE\"],\"networkMode\":\"awsvpc\","
     "\"cpu\":\"256\",\"memory\":\"512\",\"ephemeralStorage\":{\"sizeInGiB\":20},\"volumes\":[{"
     "\"name\":\"v\",\"host\":{\"sourcePath\":\"/x\"}}]}",
     "1:87: error: containerDefinitions[0].privileged: FARGATE has no privileged "
     "containers\n1:106: error: containerDefinitions[0].stopTimeout: found 121, wanted a whole "
     "number from 2 to 120\n1:128: error: containerDefinitions[0].linuxParameters: FARGATE adds no "
     "capability but SYS_PTRACE, found KILL\n1:128: error: "
     "containerDefinitions[0].linuxParameters: FARGATE takes neither tmpfs nor sharedMemorySize "
     "nor maxSwap\n1:210: error: containerDefinitions[0].resourceRequirements: FARGATE has no "
     "GPUs\n1:361: error: ephemeralStorage.sizeInGiB: found 20, wanted a whole number from 21 to "
     "200\n1:375: error: volumes: FARGATE has no folders of an instance: volume \"v\""},
    {"{\"family\":\"d\",\"containerDefinitions\":[{\"name\":\"a\",\"image\":\"i\",\"memory\":8}],"
     "\"requiresCompatibilities\":[\"EC2\",\"LAMBDA\"]}",
     "1:109: error: requiresCompatibilities[1]: found \"LAMBDA\", wanted one of EC2, FARGATE, "
     "EXTERNAL, MANAGED_INSTANCES"},
    {"{\"family\":\"d\",\"containerDefinitions\":[{\"name\":\"a\",\"image\":\"i\",\"memory\":8}],"
     "\"requiresCompatibilities\":\"EC2\"}",
     "1:102: warning: requiresCompatibilities: found \"EC2\" where ECS takes a list: taken as a "
     "list of one"},
    {"{\"family\":\"d\",\"containerDefinitions\":[{\"name\":\"a\",\"image\":\"i\",\"memory\":8}],"
     "\"tags\":[{\"key\":1}],\"runtimePlatform\":{\"cpuArchitecture\":\"X86\"},"
     "\"proxyConfiguration\":{\"type\":\"APPMESH\"},\"inferenceAccelerators\":[{\"deviceName\":"
     "\"d\"}],\"enableFaultInjection\":\"no\",\"taskRoleArn\":5}",
     "1:91: warning: tags[0].key: found 1; ECS takes a text here: \"1\"\n1:132: error: "
     "runtimePlatform.cpuArchitecture: found \"X86\", wanted one of X86_64, ARM64\n1:160: error: "
     "proxyConfiguration.containerName: missing: ECS wants it; no effect\n1:204: error: "
     "inferenceAccelerators[0].deviceType: missing: ECS wants it; no effect\n1:247: error: "
     "enableFaultInjection: found \"no\", wanted true or false\n1:266: warning: taskRoleArn: found "
     "5; ECS takes a text here: \"5\""},
};

/* Where notes are wanted. */
static const struct row notes[] = {
    {"{\"family\":\"d\",\"containerDefinitions\":[{\"name\":\"a\",\"image\":\"i\",\"memory\":8,"
     "\"secrets\":[{\"name\":\"x\",\"valueFrom\":\"y\"}],\"resourceRequirements\":[{\"type\":"
     "\"NeuronDevice\",\"value\":\"1\"}],\"logConfiguration\":{\"logDriver\":\"awslogs\","
     "\"options\":{}}}],\"taskRoleArn\":\"r\",\"executionRoleArn\":\"r\",\"tags\":[{\"key\":\"k\","
     "\"value\":\"v\"}],\"volumes\":[{\"name\":\"v\",\"configuredAtLaunch\":true},{\"name\":\"w\","
     "\"configuredAtLaunch\":true}]}",
     "1:74: note: containerDefinitions[0].secrets: not simulated: no effect\n1:140: note: "
     "containerDefinitions[0].resourceRequirements[0].type: not simulated: no effect\n1:234: note: "
     "taskRoleArn: not simulated: no effect\n1:252: note: executionRoleArn: not simulated: no "
     "effect\n1:275: note: tags: not simulated: no effect\n1:331: note: "
     "volumes[0].configuredAtLaunch: not simulated: no effect"},
};

Test(taskdef_run_read, findings_in_containers)
{
    for (size_t i = 0; i < sizeof containers / sizeof containers[0]; i++)
        reading_gives(containers_of(containers[i].text), containers[i].findings);
}

Test(taskdef_run_read, findings_in_definitions)
{
    for (size_t i = 0; i < sizeof definitions / sizeof definitions[0]; i++)
        reading_gives(definitions[i].text, definitions[i].findings);
}

Test(taskdef_run_read, notes_are_for_whoever_wants_them)
{
    for (size_t i = 0; i < sizeof notes / sizeof notes[0]; i++) {
        struct findings findings = {.wants_notes = true};
        const char *wanted = notes[i].findings;

        scenario_destroy(scenario_parse(notes[i].text, "x.json", &findings));
        for (int k = 0; k < findings.n_list; k++) {
            const char *text = findings.list[k].text + strlen("x.json:");

            cr_assert(strncmp(text, wanted, strlen(text)) == 0, "found %s, wanted %s", text,
                      wanted);
            wanted += strlen(text) + (wanted[strlen(text)] == '\n');
        }
        cr_assert_str_eq(wanted, "");
        findings_finish(&findings);
        reading_gives(notes[i].text, "");
    }
}

static const char whole[] =
    "{\"family\":\"shop\",\"pidMode\":\"task\",\"ipcMode\":\"none\",\"volumes\":["
    "{\"name\":\"empty\"},{\"name\":\"logs\",\"host\":{\"sourcePath\":\"/var/log\"}},"
    "{\"name\":\"shared\",\"dockerVolumeConfiguration\":{\"scope\":\"shared\","
    "\"autoprovision\":true}},"
    "{\"name\":\"far\",\"efsVolumeConfiguration\":{\"fileSystemId\":\"fs-1\"}}],"
    "\"containerDefinitions\":["
    "{\"name\":\"db\",\"image\":\"db:1\",\"memory\":64,"
    "\"healthCheck\":{\"command\":[\"CMD-SHELL\",\"test -f /up\"]},"
    "\"restartPolicy\":{\"enabled\":false}},"
    "{\"name\":\"web\",\"image\":\"web:1\",\"memory\":64,"
    "\"healthCheck\":{\"command\":[\"CMD\",\"/bin/check\",\"-q\"],\"interval\":5,\"timeout\":2,"
    "\"retries\":1,\"startPeriod\":300},"
    "\"restartPolicy\":{\"enabled\":true,\"ignoredExitCodes\":[0,3],\"restartAttemptPeriod\":60},"
    "\"resourceRequirements\":[{\"type\":\"GPU\",\"value\":\"ALL\"}],"
    "\"portMappings\":[{\"containerPortRange\":\"8000-8002\",\"protocol\":\"udp\"}],"
    "\"links\":[\"db:database\",\"db\"],"
    "\"volumesFrom\":[{\"sourceContainer\":\"db\",\"readOnly\":true}],"
    "\"mountPoints\":[{\"sourceVolume\":\"logs\",\"containerPath\":\"/logs\",\"readOnly\":true},"
    "{\"sourceVolume\":\"far\",\"containerPath\":\"/far\"}],"
    "\"ulimits\":[{\"name\":\"stack\",\"softLimit\":1024,\"hardLimit\":-1}],"
    "\"systemControls\":[{\"namespace\":\"net.core.somaxconn\",\"value\":\"1024\"}],"
    "\"linuxParameters\":{\"capabilities\":{\"add\":[\"NET_ADMIN\"],\"drop\":[\"ALL\"]},"
    "\"tmpfs\":[{\"containerPath\":\"/t\",\"size\":16,\"mountOptions\":[\"noexec\"]}],"
    "\"sharedMemorySize\":32,\"maxSwap\":0,\"swappiness\":10,\"initProcessEnabled\":true},"
    "\"extraHosts\":[{\"hostname\":\"x\",\"ipAddress\":\"10.0.0.1\"}],"
    "\"dnsServers\":[\"10.0.0.2\"],\"dnsSearchDomains\":[\"local\"],"
    "\"dockerLabels\":{\"a\":\"b\"},\"logConfiguration\":{\"logDriver\":\"json-file\"},"
    "\"privileged\":true,\"interactive\":true,\"pseudoTerminal\":true,"
    "\"disableNetworking\":true}]}";

static struct scenario *read_whole(void)
{
    struct findings findings = {0};
    struct scenario *scenario = scenario_parse(whole, "x.json", &findings);

    for (int i = 0; i < findings.n_list; i++)
        cr_assert(strstr(findings.list[i].text, "GPU") != NULL, "%s", findings.list[i].text);
    cr_assert(scenario != NULL && findings.n_list == 1);
    findings_finish(&findings);
    return scenario;
}

Test(taskdef_run_read, machines_get_what_they_need)
{
    struct scenario *scenario = read_whole();
    const struct container_definition *db = &scenario->taskdefs[0].definition->containers[0],
                                      *web = db + 1;

    cr_assert(db->health->interval_usec == 30 * USEC_PER_SEC);
    cr_assert(db->health->timeout_usec == 5 * USEC_PER_SEC);
    cr_assert(db->health->retries == 3 && db->health->start_period_usec == 0);
    cr_assert(db->restart == NULL && db->gpus == 0);
    cr_assert(web->health->interval_usec == 5 * USEC_PER_SEC);
    cr_assert(web->health->start_period_usec == 300 * USEC_PER_SEC && web->health->retries == 1);
    cr_assert(web->restart->attempt_period_usec == 60 * USEC_PER_SEC);
    cr_assert(web->restart->n_ignored == 2 && web->restart->ignored[1].exit_code == 3);
    cr_assert(web->gpus == GPUS_ALL);
    cr_assert(web->n_ports == 3 && web->ports[2].container_port == 8002);
    cr_assert(web->ports[2].host_port == 0 && web->ports[2].protocol == PROTOCOL_UDP);
    cr_assert(web->n_depends == 3);
    cr_assert(web->depends[0].condition == CONDITION_START);
    cr_assert(web->depends[2].condition == CONDITION_CREATE && web->depends[2].container == 0);
    scenario_destroy(scenario);
}

Test(taskdef_run_read, containers_get_what_they_need)
{
    struct scenario *scenario = read_whole();
    const struct taskdef_run *run = scenario->taskdefs[0].run;
    const struct container_run *db = &run->containers[0], *web = db + 1;

    cr_assert(run->pid_mode == PID_TASK && run->ipc_mode == IPC_NONE && run->n_volumes == 4);
    cr_assert(run->volumes[0].kind == VOLUME_TASK && run->volumes[1].kind == VOLUME_HOST);
    cr_assert_str_eq(run->volumes[1].source_path, "/var/log");
    cr_assert(run->volumes[2].kind == VOLUME_SHARED && run->volumes[2].autoprovision);
    cr_assert(run->volumes[3].kind == VOLUME_REMOTE);
    cr_assert(db->health_shell && db->n_health_command == 1 && db->max_swap_mib == -1);
    cr_assert_str_eq(db->health_command[0], "test -f /up");
    cr_assert(!web->health_shell && web->n_health_command == 2);
    cr_assert_str_eq(web->health_command[1], "-q");
    cr_assert(web->n_links == 2 && web->links[0].container == 0);
    cr_assert_str_eq(web->links[0].alias, "database");
    cr_assert_str_eq(web->links[1].alias, "db");
    cr_assert(web->n_volumes_from == 1 && web->volumes_from[0].readonly);
    cr_assert(web->n_mounts == 2 && web->mounts[0].volume == 1 && web->mounts[0].readonly);
    cr_assert_str_eq(web->mounts[1].path, "/far");
    cr_assert(web->n_ulimits == 1 && web->ulimits[0].name == ULIMIT_STACK);
    cr_assert(web->ulimits[0].soft == 1024 && web->ulimits[0].hard == -1);
    cr_assert_str_eq(web->controls[0].name, "net.core.somaxconn");
    cr_assert_str_eq(web->add[0], "NET_ADMIN");
    cr_assert_str_eq(web->drop[0], "ALL");
    cr_assert(web->tmpfs[0].size_mib == 16 && web->tmpfs[0].n_options == 1);
    cr_assert(web->shared_memory_mib == 32 && web->max_swap_mib == 0 && web->swappiness == 10);
    cr_assert(web->init_process && web->privileged && web->interactive && web->pseudo_terminal);
    cr_assert(web->disable_networking && !db->privileged);
    cr_assert_str_eq(web->hosts[0].address, "10.0.0.1");
    cr_assert_str_eq(web->dns_servers[0], "10.0.0.2");
    cr_assert_str_eq(web->dns_search[0], "local");
    cr_assert_str_eq(web->labels[0].value, "b");
    cr_assert_str_eq(web->log_driver, "json-file");
    scenario_destroy(scenario);
}
