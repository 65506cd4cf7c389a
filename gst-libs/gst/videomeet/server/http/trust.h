/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "server/conn.h"

/* Requests at /trust/, and what the rooms are told of the store. */

int vm_http_ask_trust (VmConn *conn);
/* From the desk, on any thread. @facts: (transfer full) (element-type
 * VmTrustFacts). @written: the last guest that the desk had asked the store to
 * remember before it was read; those who came later stay known. */
void vm_server_take_known (
    VmServer *self, GPtrArray *facts, gboolean damaged, guint64 written);
void vm_server_answer_trust (
    VmServer *self, guint64 serial, guint status, const gchar *body);
/* A device that has a seat for the first time. */
void vm_server_remember (VmServer *self, const gchar *user, const gchar *device,
    GTlsCertificate *certificate);
