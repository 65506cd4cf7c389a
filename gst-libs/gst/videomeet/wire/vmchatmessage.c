/* SPDX-License-Identifier: LGPL-2.1-or-later */

/**
 * SECTION:vmchatmessage
 * @title: VmChatMessage
 * @short_description: something said in a meeting, in writing
 *
 * It never changes; any thread may read it. What its getters return lives as
 * long as it does. Its text comes from somebody else: whoever shows it keeps in
 * mind what text can do to a terminal or a page.
 */

#include "wire/chat.h"

struct _VmChatMessage
{
  GObject parent;

  gchar *id;
  gchar *from;
  gchar *user;
  gchar *text;
  GDateTime *time;
  gboolean confidential;
  gboolean old;
};

G_DEFINE_FINAL_TYPE (VmChatMessage, vm_chat_message, G_TYPE_OBJECT)

static void
vm_chat_message_finalize (GObject *object)
{
  VmChatMessage *self = VM_CHAT_MESSAGE (object);

  g_free (self->id);
  g_free (self->from);
  g_free (self->user);
  g_free (self->text);
  g_date_time_unref (self->time);
  G_OBJECT_CLASS (vm_chat_message_parent_class)->finalize (object);
}

static void
vm_chat_message_class_init (VmChatMessageClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = vm_chat_message_finalize;
}

static void
vm_chat_message_init (VmChatMessage *self)
{
}

VmChatMessage *
vm_chat_message_new (const VmChatFields *fields)
{
  VmChatMessage *self = g_object_new (VM_TYPE_CHAT_MESSAGE, NULL);

  self->id = g_strdup (fields->id);
  self->from = g_strdup (fields->from);
  self->user = g_strdup (fields->user ? fields->user : "");
  self->text = g_strdup (fields->text);
  self->time = g_date_time_ref (fields->time);
  self->confidential = fields->confidential;
  self->old = fields->old;
  return self;
}

/**
 * vm_chat_message_get_id:
 * @self: a #VmChatMessage
 *
 * Returns: (transfer none): its uuid; at most 64 bytes
 *
 * Since: 0.1
 */
const gchar *
vm_chat_message_get_id (VmChatMessage *self)
{
  g_return_val_if_fail (VM_IS_CHAT_MESSAGE (self), NULL);

  return self->id;
}

/**
 * vm_chat_message_get_from:
 * @self: a #VmChatMessage
 *
 * Returns: (transfer none): the id in the meeting of who said it, who may have
 *   left since
 *
 * Since: 0.1
 */
const gchar *
vm_chat_message_get_from (VmChatMessage *self)
{
  g_return_val_if_fail (VM_IS_CHAT_MESSAGE (self), NULL);

  return self->from;
}

/**
 * vm_chat_message_get_user:
 * @self: a #VmChatMessage
 *
 * Returns: (transfer none): the name of who said it, at most 128 bytes without
 *   control characters
 *
 * Since: 0.1
 */
const gchar *
vm_chat_message_get_user (VmChatMessage *self)
{
  g_return_val_if_fail (VM_IS_CHAT_MESSAGE (self), NULL);

  return self->user;
}

/**
 * vm_chat_message_get_text:
 * @self: a #VmChatMessage
 *
 * Returns: (transfer none): what was said: 1 to 4096 bytes of UTF-8, with
 *   newlines and tabs, without other control characters
 *
 * Since: 0.1
 */
const gchar *
vm_chat_message_get_text (VmChatMessage *self)
{
  g_return_val_if_fail (VM_IS_CHAT_MESSAGE (self), NULL);

  return self->text;
}

/**
 * vm_chat_message_get_time:
 * @self: a #VmChatMessage
 *
 * Returns: (transfer none): when it was said, by the clock of who said it; of
 *   a page that tells no time, when it arrived
 *
 * Since: 0.1
 */
GDateTime *
vm_chat_message_get_time (VmChatMessage *self)
{
  g_return_val_if_fail (VM_IS_CHAT_MESSAGE (self), NULL);

  return self->time;
}

/**
 * vm_chat_message_get_confidential:
 * @self: a #VmChatMessage
 *
 * Returns: whether it was said to one participant alone: to this device, or by
 *   it
 *
 * Since: 0.1
 */
gboolean
vm_chat_message_get_confidential (VmChatMessage *self)
{
  g_return_val_if_fail (VM_IS_CHAT_MESSAGE (self), FALSE);

  return self->confidential;
}

/**
 * vm_chat_message_get_old:
 * @self: a #VmChatMessage
 *
 * Returns: whether it was said before this device came, and is told by the host
 *
 * Since: 0.1
 */
gboolean
vm_chat_message_get_old (VmChatMessage *self)
{
  g_return_val_if_fail (VM_IS_CHAT_MESSAGE (self), FALSE);

  return self->old;
}
