/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>
#include <sys/stat.h>

G_BEGIN_DECLS

/* Why the plain file of @st cannot be trusted, in words that follow its name;
 * NULL: it can. This user or root must own it, and others must not be able to
 * write it, nor, if it holds a @secret, to read it (ssh_config(5) says the same
 * of keys). One of this user's groups may read a file of root's. Pipes and
 * devices are not checked. Pure. */
const gchar *vm_private_file_fault (const struct stat *st, gboolean secret);

G_END_DECLS
