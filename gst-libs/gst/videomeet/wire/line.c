/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "wire/line.h"

typedef struct
{
  gint64 seq;
  GBytes *bytes;
} Sent;

struct _VmLine
{
  const VmDialect *dialect;
  gpointer state;

  GQueue kept; /* of Sent, oldest first */
  gsize kept_bytes;
  gint64 dropped; /* number of the last that is not kept but was not acked */

  gboolean gap;
  guint due_messages; /* received and not acknowledged */
  gsize due_bytes;
};

static gint64
get_sent (VmLine *line)
{
  return line->dialect->get_sent ? line->dialect->get_sent (line->state) : 0;
}

static gint64
get_received (VmLine *line)
{
  return line->dialect->get_received ? line->dialect->get_received (line->state)
                                     : 0;
}

VmLine *
vm_line_new (const VmDialect *dialect)
{
  VmLine *line = g_new0 (VmLine, 1);

  line->dialect = dialect;
  line->state = dialect->state_new ();
  g_queue_init (&line->kept);
  return line;
}

static void
sent_free (gpointer data)
{
  Sent *sent = data;

  g_bytes_unref (sent->bytes);
  g_free (sent);
}

void
vm_line_free (VmLine *line)
{
  g_queue_clear_full (&line->kept, sent_free);
  line->dialect->state_free (line->state);
  g_free (line);
}

gpointer
vm_line_get_state (VmLine *line)
{
  return line->state;
}

static gint64
drop_oldest (VmLine *line)
{
  Sent *sent = g_queue_pop_head (&line->kept);
  gint64 seq = sent->seq;

  line->kept_bytes -= g_bytes_get_size (sent->bytes);
  sent_free (sent);
  return seq;
}

static void
keep (VmLine *line, gint64 seq, GBytes *bytes)
{
  Sent *sent = g_new (Sent, 1);

  *sent = (Sent){ seq, g_bytes_ref (bytes) };
  g_queue_push_tail (&line->kept, sent);
  line->kept_bytes += g_bytes_get_size (bytes);
  while (
      line->kept.length > VM_LINE_MESSAGES || line->kept_bytes > VM_LINE_BYTES)
    line->dropped = drop_oldest (line);
}

GVariant *
vm_line_save (VmLine *line)
{
  GVariantBuilder kept;

  g_variant_builder_init (&kept, G_VARIANT_TYPE ("a(xay)"));
  for (GList *l = line->kept.head; l; l = l->next) {
    const Sent *sent = l->data;

    g_variant_builder_add (&kept, "(x@ay)", sent->seq,
        g_variant_new_from_bytes (
            G_VARIANT_TYPE_BYTESTRING, sent->bytes, TRUE));
  }
  return g_variant_new ("(xxx@a(xay))", get_sent (line), get_received (line),
      line->dropped, g_variant_builder_end (&kept));
}

VmLine *
vm_line_restore (const VmDialect *dialect, GVariant *saved)
{
  VmLine *line = vm_line_new (dialect);
  g_autoptr (GVariant) kept = NULL;
  GVariantIter iter;
  GVariant *message;
  gint64 sent, received, seq;

  g_variant_get (
      saved, "(xxx@a(xay))", &sent, &received, &line->dropped, &kept);
  dialect->set_numbers (line->state, MAX (sent, 0), MAX (received, 0));
  g_variant_iter_init (&iter, kept);
  while (g_variant_iter_next (&iter, "(x@ay)", &seq, &message)) {
    g_autoptr (GBytes) bytes = g_variant_get_data_as_bytes (message);

    keep (line, seq, bytes);
    g_variant_unref (message);
  }
  return line;
}

GBytes *
vm_line_format (VmLine *line, const VmSignal *signal)
{
  gint64 before = get_sent (line);
  GBytes *bytes = line->dialect->format (line->state, signal);
  gint64 seq = get_sent (line);

  if (!bytes)
    return NULL;
  line->due_messages = 0;
  line->due_bytes = 0;
  if (seq != before)
    keep (line, seq, bytes);
  return bytes;
}

static void
take_ack (VmLine *line, gint64 ack)
{
  while (line->kept.length && ((Sent *) line->kept.head->data)->seq <= ack)
    drop_oldest (line);
}

VmSignal *
vm_line_parse (VmLine *line, GBytes *message, GError **error)
{
  gint64 before = get_received (line);
  g_autoptr (VmSignal) signal =
      line->dialect->parse (line->state, message, error);
  gint64 received = get_received (line);

  if (received > before) {
    line->gap |= received > before + 1;
    line->due_messages++;
    line->due_bytes += g_bytes_get_size (message);
  }
  if (!signal)
    return NULL;
  take_ack (line, signal->ack);
  if (signal->type == VM_SIGNAL_ACK
      || (signal->seq >= 0 && signal->seq <= before))
    return NULL;
  return g_steal_pointer (&signal);
}

VmSignal *
vm_line_more (VmLine *line)
{
  return line->dialect->more ? line->dialect->more (line->state) : NULL;
}

GBytes *
vm_line_reply (VmLine *line)
{
  return line->dialect->reply ? line->dialect->reply (line->state) : NULL;
}

gint64
vm_line_get_received (VmLine *line)
{
  return get_received (line);
}

gboolean
vm_line_has_gap (VmLine *line)
{
  return line->gap;
}

gboolean
vm_line_wants_ack (VmLine *line)
{
  return line->due_messages >= VM_LINE_ACK_MESSAGES
         || line->due_bytes >= VM_LINE_ACK_BYTES;
}

gboolean
vm_line_owes_ack (VmLine *line)
{
  return line->due_messages > 0;
}

GPtrArray *
vm_line_resume (VmLine *line, gint64 last_seq, GError **error)
{
  GPtrArray *again;

  if (last_seq < line->dropped || last_seq > get_sent (line)) {
    g_set_error (error, VM_ERROR, VM_ERROR_RESUME_FAILED,
        "More messages were missed than are kept");
    return NULL;
  }
  take_ack (line, last_seq);
  again = g_ptr_array_new_with_free_func ((GDestroyNotify) g_bytes_unref);
  for (GList *l = line->kept.head; l; l = l->next)
    g_ptr_array_add (again, g_bytes_ref (((Sent *) l->data)->bytes));
  return again;
}
