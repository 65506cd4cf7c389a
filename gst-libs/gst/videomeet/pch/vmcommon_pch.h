/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What nearly every file includes, compiled once for each program (b_pch). */
#include <gio/gio.h>
#include <glib-object.h>
#include <glib.h>
#include <string.h>
