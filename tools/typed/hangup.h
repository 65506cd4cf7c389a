/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/* Calls @func when the terminal goes away, unless the user has said, by nohup,
 * that this is nothing to the program. Whoever closes a terminal may say so
 * twice: the second time is no impatient Ctrl-C. */
void vmt_hangup_add (GSourceFunc func, gpointer user_data);
