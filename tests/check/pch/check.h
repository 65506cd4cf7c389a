/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef VM_PCH_CHECK_H
#define VM_PCH_CHECK_H

/* Headers that most tests include, compiled once for each executable. Each
 * source includes what it needs all the same: -Db_pch=false builds, too. */
#include <gio/gio.h>
#include <gst/check/gstcheck.h>

#endif
