/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "support/phones.h"

#include <string.h>

VmCalls *calls;
Phone ann, bob, carl;
gint64 now;

void
phone_send (gpointer peer, const VmCallMessage *message, gpointer user_data)
{
  GString *heard = ((Phone *) peer)->heard;

  if (heard->len)
    g_string_append (heard, ", ");
  g_string_append (heard, vm_call_message_type_to_string (message->type));
  if (message->type == VM_CALL_FAILED)
    g_string_append_printf (heard, " %s %s", message->call_id,
        vm_call_reason_to_string (message->reason));
  else if (message->type == VM_CALL_USERS) {
    for (guint i = 0; i < MIN (message->users->len, 3); i++) {
      const VmCallPerson *person = g_ptr_array_index (message->users, i);

      g_string_append_printf (
          heard, " %s%s", person->name, person->busy ? "*" : "");
    }
    g_string_append_printf (heard, " (%u of %u)", message->users->len,
        message->users->len + message->more);
  } else if (message->type == VM_CALL_REGISTERED)
    g_string_append_printf (
        heard, " %s=%s", message->user_id, message->username);
  else
    g_string_append_printf (
        heard, " %s %s>%s", message->call_id, message->from, message->to);
}

void
heard (Phone *phone, const gchar *what)
{
  fail_unless_equals_string (phone->heard->str, what);
  g_string_truncate (phone->heard, 0);
}

void
come (Phone *phone, const gchar *id)
{
  g_autoptr (GError) error = NULL;

  phone->user = vm_calls_register (calls, id, NULL, phone, now, &error);
  g_assert_no_error (error);
  g_string_truncate (phone->heard, 0);
}

void
go (Phone *phone)
{
  vm_call_user_leave (g_steal_pointer (&phone->user));
}

gint
say (
    Phone *phone, VmCallMessageType type, const gchar *call_id, const gchar *to)
{
  g_autoptr (VmCallMessage) message = vm_call_message_new (type);
  g_autoptr (GError) error = NULL;

  message->to = g_strdup (to);
  message->call_id = g_strdup (call_id);
  if (vm_call_user_receive (phone->user, message, now, &error)) {
    g_assert_no_error (error);
    return -1;
  }
  fail_unless (error && error->domain == VM_ERROR);
  return error->code;
}

void
says (
    Phone *phone, VmCallMessageType type, const gchar *call_id, const gchar *to)
{
  fail_unless_equals_int (say (phone, type, call_id, to), -1);
}

void
phones_setup (void)
{
  Phone *phones[] = { &ann, &bob, &carl };
  const gchar *ids[] = { "ann", "bob", "carl" };

  now = 1000;
  calls = vm_calls_new (phone_send, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (phones); i++) {
    phones[i]->heard = g_string_new (NULL);
    come (phones[i], ids[i]);
  }
}

void
phones_teardown (void)
{
  Phone *phones[] = { &ann, &bob, &carl };

  vm_calls_free (calls);
  for (guint i = 0; i < G_N_ELEMENTS (phones); i++)
    g_string_free (phones[i]->heard, TRUE);
}

void
talk (void)
{
  says (&ann, VM_CALL_OFFER, "c1", "bob");
  says (&bob, VM_CALL_ANSWER, "c1", "ann");
  heard (&bob, "call-offer c1 ann>bob");
  heard (&ann, "call-answer c1 bob>ann");
}
