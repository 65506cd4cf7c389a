/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The headers that nearly every file includes. Each target compiles them once
 * (b_pch). */
#include <gio/gio.h>
#include <glib-object.h>
#include <glib.h>
#include <string.h>
