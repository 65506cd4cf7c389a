/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/* A self-signed certificate as an authority would make it, with its key behind
 * it, as PEM in @file. @type: "EC" (P-256), "RSA" or the name of
 * another curve; @names: of the subject's
 * alternative names, as "DNS:a.example,DNS:*.b.example", or NULL; @days: until
 * it expires, which may have been. */
void certificate_write (
    const gchar *file, const gchar *type, const gchar *names, gint days);
