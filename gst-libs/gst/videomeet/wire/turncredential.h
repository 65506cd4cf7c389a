/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/* User names and passwords of a TURN server that are valid until a date, made
 * from a secret shared with it: "A REST API for access to TURN services"
 * (draft-uberti-behave-turn-rest-00 §2.2), which coturn checks with
 * use-auth-secret. Sans-I/O. */

/* Seconds that one is good, unless a server is told otherwise: a participant
 * asks for the next in the middle of that time
 * (protocol/signalling.md#fresh-ice-servers), and who cannot ask has a long
 * working day. */
#define VM_TURN_LIFETIME (12 * 60 * 60)
#define VM_TURN_LIFETIME_MIN 60
#define VM_TURN_LIFETIME_MAX (7 * 24 * 60 * 60)

/* The user name is @until, Unix seconds, a colon and @who; the password is
 * base64 (HMAC-SHA1 (@secret, user name)). Returns: (transfer full) */
gchar *vm_turn_credential_make (
    const gchar *secret, gint64 until, const gchar *who, gchar **user);
/* @uri, "turn://host:port?transport=tcp" or "turns://…", with both; NULL when
 * @uri is no such URI, has a user already, or there is no @secret. */
gchar *vm_turn_credential_add (
    const gchar *uri, const gchar *secret, gint64 until, const gchar *who);
