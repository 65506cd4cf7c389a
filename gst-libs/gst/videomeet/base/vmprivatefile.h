/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>
#include <sys/stat.h>

G_BEGIN_DECLS

/* Why the plain file of @st is none to believe, in words that follow its name;
 * NULL: there is nothing against it. It must be this user's or root's, and
 * others must not be able to write it, nor, if it holds a @secret, to read it
 * (ssh_config(5) says the same of keys). What is root's may be for a group of
 * ours to read. Of pipes and devices nothing is said. Pure. */
const gchar *vm_private_file_fault (const struct stat *st, gboolean secret);

G_END_DECLS
