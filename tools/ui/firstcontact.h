/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

/* What a guest meets first: the warning of a browser that does not know this
 * device's own certificate. */

/* Bytes of the fingerprint that people compare: who wants another certificate
 * that begins alike has to try 2^64. */
#define VMT_PRINT_BYTES 8

/* The first bytes of the SHA-256 of @certificate, as browsers write it:
 * `AB:CD:…`. Transfer full. */
gchar *vmt_certificate_print (GTlsCertificate *certificate);
/* @link with the host @name in place of its own; NULL: it is none. Transfer
 * full. */
gchar *vmt_link_by_name (const gchar *link, const gchar *name);
/* What the browser says, what to tap, and @print to compare: lines of at most
 * @columns, without a line end behind the last. Transfer full. */
gchar *vmt_first_contact (const gchar *print, gint columns);
