/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/gst.h>
#include "ui/grid.h"
#include "session/roster.h"

/* Takes every stream that comes out of @signalbin into @pipeline, counts it in
 * @roster, and shows it in @grid, or lets it go when that is NULL. Streams come
 * and go on threads of their own. @pipeline, @roster and @grid must outlive
 * @signalbin. */
void vmt_receiver_watch (GstElement *signalbin, GstElement *pipeline,
    VmtRoster *roster, VmtGrid *grid);
