/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/videomeet/vmapi.h>

G_BEGIN_DECLS

/**
 * VmChatMessage:
 *
 * A chat message of a meeting.
 *
 * Since: 0.1
 */
#define VM_TYPE_CHAT_MESSAGE (vm_chat_message_get_type ())
VM_API G_DECLARE_FINAL_TYPE (VmChatMessage, vm_chat_message, VM, CHAT_MESSAGE,
    GObject)

VM_API const gchar *vm_chat_message_get_id (VmChatMessage *self);
VM_API const gchar *vm_chat_message_get_from (VmChatMessage *self);
VM_API const gchar *vm_chat_message_get_user (VmChatMessage *self);
VM_API const gchar *vm_chat_message_get_text (VmChatMessage *self);
VM_API GDateTime *vm_chat_message_get_time (VmChatMessage *self);
VM_API gboolean vm_chat_message_get_confidential (VmChatMessage *self);
VM_API gboolean vm_chat_message_get_old (VmChatMessage *self);

G_END_DECLS
