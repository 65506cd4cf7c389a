/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>
#include <gmodule.h>

/* First thing in a main() whose process lasts: begins the program again, with
 * the arguments @argv, so that what is freed can go back to the system. Returns
 * when this is so, or cannot be. */
void vmt_memory_give_back (gchar **argv);

/* For a process that moves a file and ends: what is freed is kept for what
 * comes next, for giving back and asking again costs more than the hash of the
 * file. */
void vmt_memory_keep (void);

/* GNUTLS_E_RANDOM_FAILED */
#define VMT_E_RANDOM_FAILED (-206)
/* As GnuTLS documents it, whatever @level. Any thread. */
G_MODULE_EXPORT int gnutls_rnd (int level, void *data, size_t size);
