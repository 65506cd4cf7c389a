/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef VM_PCH_SIGNAL_H
#define VM_PCH_SIGNAL_H

/* Headers that most sources of this folder include, compiled once. Each source
 * includes what it needs all the same: -Db_pch=false builds, too. */
#include <gio/gio.h>
#include <gst/gst.h>
#include <gst/video/video.h>

#endif
