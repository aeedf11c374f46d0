/*
 * Checking values against the grammar's tables alone, for what ECS has and berth takes no notice of:
 * a file that ECS would refuse for its shape is refused here too.
 */
#ifndef BERTH_FILE_JSON_SHAPE_H
#define BERTH_FILE_JSON_SHAPE_H

#include "file/json_read.h"

/* Checks every member of the object that its grammar has no meaning for. The object has been through
 * node_object(). */
void shape_check_unused(const struct node *object, const struct grammar *grammar);

#endif
