/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "server/conn.h"

/* Requests at /trust/, and the store's facts for the rooms. */

int vm_http_ask_trust (VmConn *conn);
/* From the pairing service, on any thread. @facts: (transfer full)
 * (element-type VmTrustFacts). @written: the last guest that the pairing
 * service had passed to the store before it was read; later guests stay known.
 */
void vm_server_take_known (
    VmServer *self, GPtrArray *facts, gboolean damaged, guint64 written);
void vm_server_answer_trust (
    VmServer *self, guint64 serial, guint status, const gchar *body);
/* Remembers a device that has a seat for the first time. */
void vm_server_remember (VmServer *self, const gchar *user, const gchar *device,
    GTlsCertificate *certificate);
