/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "wire/janus/janus.h"

/* Shared by the files that read messages of Janus. */

/* janus.c */
gboolean vm_janus_bad (GError **error, const gchar *key, const gchar *what);
/* An id; absent, it leaves *@id. */
gboolean vm_janus_read_id (const VmJson *json, VmJsonNode object,
    const gchar *key, gint64 *id, GError **error);
gchar *vm_janus_read_label (
    const VmJson *json, VmJsonNode object, const gchar *key, gsize max);
gchar *vm_janus_read_word (
    const VmJson *json, VmJsonNode object, const gchar *key, gsize max);

/* janusroom.c: what the videoroom says in the message, if anything */
gboolean vm_janus_read_room (
    const VmJson *json, VmJanusMessage *message, GError **error);
