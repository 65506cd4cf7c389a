/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/videomeet/videomeet.h>
#include "ui/output.h"

/* Devices that were refused because they have another key than the one that
 * they were known by: they were installed anew, or somebody is posing. The user
 * compares the ids and accepts one. Main thread. */

#define VMT_CHANGED_MAX 16 /* that are remembered; the earliest makes room */

typedef struct _VmtChangedKeys VmtChangedKeys;

/* Both live longer than it. */
VmtChangedKeys *vmt_changed_keys_new (VmTrustStore *store, VmtOutput *output);
void vmt_changed_keys_free (VmtChangedKeys *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VmtChangedKeys, vmt_changed_keys_free)

/* The ids in @message, that of an error of VM_ERROR_KEY_CHANGED. *@new_id is
 * NULL where the other shows no key. FALSE: they are not there. */
gboolean
vmt_changed_key_parse (const gchar *message, gchar **old_id, gchar **new_id);
/* Remembers who @message, likewise, is about, and says what can be typed.
 * @met: in the meeting that this device is in. */
void vmt_changed_keys_note (
    VmtChangedKeys *self, const gchar *message, gboolean met);
/* /trust: says what has changed, and asks, or says why there is nothing to
 * accept; @name: the user's, or either id, or a beginning of one. @here:
 * somebody of that name is met. */
void
vmt_changed_keys_ask (VmtChangedKeys *self, const gchar *name, gboolean here);
/* /trust alone: the id of this device, which others compare. */
void vmt_changed_keys_show_own (VmtChangedKeys *self);
/* Whether @line, the next one that is typed, is the answer; with any other the
 * question is over. *@met: it was a yes, about somebody of this meeting. */
gboolean vmt_changed_keys_take_line (
    VmtChangedKeys *self, const gchar *line, gboolean *met);
gboolean vmt_changed_keys_is_asking (const VmtChangedKeys *self);
/* Another question is shown: the next answer is for that one. */
void vmt_changed_keys_put_off (VmtChangedKeys *self);
/* The old key of @message is forgotten. FALSE: why was told. */
gboolean vmt_changed_keys_accept (VmtChangedKeys *self, const gchar *message);
/* Somebody of these names has joined: with the key that was compared? */
void vmt_changed_keys_check (VmtChangedKeys *self, const gchar *user,
    const gchar *device, const gchar *device_id);
/* How they are called, for Tab; strings, transfer full. */
GPtrArray *vmt_changed_keys_list (VmtChangedKeys *self);
