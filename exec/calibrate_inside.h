/*
 * The parts of a calibration, for calibrate.c alone: each adds to the series of what it measures.
 */
#ifndef BERTH_EXEC_CALIBRATE_INSIDE_H
#define BERTH_EXEC_CALIBRATE_INSIDE_H

#include "exec/calibrate.h"

/* calibrate_kernel.c */
void calibrate_namespaces(struct calibration *calibration);
bool calibrate_groups(struct calibration *calibration, struct err *err);

/* calibrate_container.c: what an agent's hands do. */
bool calibrate_containers(struct calibration *calibration, struct err *err);

/* calibrate_image.c */
bool calibrate_images(struct calibration *calibration, struct err *err);

/* calibrate_agent.c: whole runs in which next to nothing happens. */
bool calibrate_agents(struct calibration *calibration, struct err *err);

#endif
