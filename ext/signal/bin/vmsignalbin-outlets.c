/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The src pads of vmsignalbin: how they come, and how they go. */

#include "bin/vmsignalbin-priv.h"
#include "bin/vmsignalpad.h"
#include "file/vmfileoutput.h"
#include "media/vmoutput.h"

#define GST_CAT_DEFAULT vm_signal_debug

/* EOS that cannot leave a src pad (a paused sink holds it) is given up. */
#define OUTPUT_END_MS 1000

typedef struct
{
  GstPad *pad;
  GstElement *output;
  GSource *deadline;
  GMainContext *context; /* of the deadline, which would hold it alone and let
                            go of it while it is destroyed */
} Outlet;

static void
set_wanted (GstElement *output, gboolean wanted)
{
  if (VM_IS_OUTPUT (output))
    vm_output_set_wanted (VM_OUTPUT (output), wanted);
  else
    vm_file_output_set_wanted (VM_FILE_OUTPUT (output), wanted);
}

static void
on_linked (GstPad *pad, GstPad *peer, GstElement *output)
{
  set_wanted (output, TRUE);
}

static void
on_unlinked (GstPad *pad, GstPad *peer, GstElement *output)
{
  set_wanted (output, FALSE);
}

/* The pad keeps the output. Handlers that only watch it would not do: the last
 * thread to let go of the pad may be another one than the output's, and GLib
 * aborts when it frees handlers that an object which goes at the same time
 * takes back (gsignal.c, g_signal_handlers_destroy()). */
static void
watch_links (GstPad *pad, GstElement *output)
{
  g_signal_connect_data (pad, "linked", G_CALLBACK (on_linked),
      g_object_ref (output), (GClosureNotify) g_object_unref, 0);
  g_signal_connect_data (pad, "unlinked", G_CALLBACK (on_unlinked),
      g_object_ref (output), (GClosureNotify) g_object_unref, 0);
}

static void
outlet_free (gpointer data)
{
  Outlet *outlet = data;

  vm_timer_clear (&outlet->deadline);
  g_clear_pointer (&outlet->context, g_main_context_unref);
  gst_object_unref (outlet->pad);
  gst_object_unref (outlet->output);
  g_free (outlet);
}

/* What was freed by a flush gets its EOS after all, unless something else is
 * sent there by now. On a thread of the pool: a paused sink holds EOS until it
 * plays again. */
static void
send_late_eos (GstElement *element, gpointer peer)
{
  if (!gst_pad_is_linked (peer))
    gst_pad_send_event (peer, gst_event_new_eos ());
}

static void
weak_pad_free (gpointer ref)
{
  g_weak_ref_clear (ref);
  g_free (ref);
}

/* Called with object lock held: whether that one is known, and others that are
 * no more are forgotten. */
static gboolean
is_remembered (VmSignalBin *self, GstPad *sink)
{
  gboolean known = FALSE;

  for (GSList *l = self->free_sinks, *next; l; l = next) {
    g_autoptr (GstPad) other = g_weak_ref_get (l->data);

    next = l->next;
    known |= other == sink;
    if (other)
      continue;
    weak_pad_free (l->data);
    self->free_sinks = g_slist_delete_link (self->free_sinks, l);
  }
  return known;
}

/* A launch line links its sink once, and not to the pad of who comes later. */
static void
remember_sink (VmSignalBin *self, GstPad *pad)
{
  g_autoptr (GstPad) sink = gst_pad_get_peer (pad);
  GWeakRef *ref;

  if (!sink)
    return;
  GST_OBJECT_LOCK (self);
  if (!is_remembered (self, sink)) {
    ref = g_new0 (GWeakRef, 1);
    g_weak_ref_init (ref, sink);
    self->free_sinks = g_slist_append (self->free_sinks, ref);
  }
  GST_OBJECT_UNLOCK (self);
}

static GSList *
list_sinks (VmSignalBin *self)
{
  GSList *sinks = NULL;

  GST_OBJECT_LOCK (self);
  for (GSList *l = self->free_sinks; l; l = l->next) {
    GstPad *sink = g_weak_ref_get (l->data);

    if (sink)
      sinks = g_slist_prepend (sinks, sink);
  }
  GST_OBJECT_UNLOCK (self);
  return g_slist_reverse (sinks);
}

gboolean
vm_signal_bin_link_free_sink (VmSignalBin *self, GstPad *pad)
{
  GSList *sinks = list_sinks (self);
  gboolean linked = FALSE;

  for (GSList *l = sinks; l && !linked; l = l->next) {
    GstPad *sink = l->data;

    if (gst_pad_is_linked (sink) || !gst_pad_is_active (sink))
      continue;
    /* it is at the end of what it got before */
    gst_pad_send_event (sink, gst_event_new_flush_start ());
    gst_pad_send_event (sink, gst_event_new_flush_stop (FALSE));
    linked = gst_pad_link (pad, sink) == GST_PAD_LINK_OK;
  }
  g_slist_free_full (sinks, gst_object_unref);
  return linked;
}

/* @force: whatever is downstream holds up; it is flushed, and left so that it
 * can be linked to another. */
static void
remove_outlet (VmSignalBin *self, GstPad *pad, gboolean force)
{
  Outlet *outlet = NULL;
  guint index;

  GST_OBJECT_LOCK (self);
  for (index = 0; index < self->outlets->len && !outlet; index++) {
    if (((Outlet *) self->outlets->pdata[index])->pad == pad)
      outlet = g_ptr_array_steal_index (self->outlets, index);
  }
  GST_OBJECT_UNLOCK (self);
  if (!outlet)
    return;
  if (VM_IS_FILE_OUTPUT (outlet->output))
    remember_sink (self, pad);
  /* frees a streaming thread that a paused sink holds */
  if (force)
    gst_pad_push_event (pad, gst_event_new_flush_start ());
  gst_element_set_locked_state (outlet->output, TRUE);
  gst_element_set_state (outlet->output, GST_STATE_NULL);
  if (force)
    gst_pad_push_event (pad, gst_event_new_flush_stop (FALSE));
  /* no thread streams any more; what it holds is the pad itself */
  vm_signal_pad_set_ended_func (VM_SIGNAL_PAD (pad), NULL, NULL, NULL);
  gst_pad_set_active (pad, FALSE);
  gst_element_remove_pad (GST_ELEMENT (self), pad);
  gst_bin_remove (GST_BIN (self), outlet->output);
  outlet_free (outlet);
}

static void
end_outlet (VmSignalBin *self, GstPad *pad)
{
  GstPad *peer = gst_pad_get_peer (pad);

  remove_outlet (self, pad, TRUE);
  if (peer)
    gst_element_call_async (
        GST_ELEMENT (self), send_late_eos, peer, gst_object_unref);
}

/* (transfer full) */
static GstPad *
find_pad (VmSignalBin *self, const gchar *name)
{
  GstPad *pad = NULL;

  GST_OBJECT_LOCK (self);
  for (guint i = 0; i < self->outlets->len && !pad; i++) {
    Outlet *outlet = self->outlets->pdata[i];

    if (g_str_equal (GST_OBJECT_NAME (outlet->pad), name))
      pad = gst_object_ref (outlet->pad);
  }
  GST_OBJECT_UNLOCK (self);
  return pad;
}

GstPad *
vm_signal_bin_add_output (VmSignalBin *self, GstElement *output,
    const gchar *kind, guint slot, VmParticipant *participant)
{
  g_autofree gchar *name = g_strdup_printf ("%s_src_%u", kind, slot);
  g_autofree gchar *templ = g_strdup_printf ("%s_src_%%u", kind);
  g_autoptr (GstPad) target = NULL;
  Outlet *outlet = g_new0 (Outlet, 1);
  GstPad *pad;

  /* the one before in this slot may still be on its way out */
  if ((pad = find_pad (self, name)))
    end_outlet (self, pad);
  gst_clear_object (&pad);
  gst_bin_add (GST_BIN (self), output);
  target = gst_element_get_static_pad (output, "src");
  pad = vm_signal_pad_new (name, target,
      gst_element_class_get_pad_template (GST_ELEMENT_GET_CLASS (self), templ),
      participant);
  watch_links (pad, output);
  /* the caller's: whoever is told of the pad may stop the element, which
   * removes it */
  gst_object_ref_sink (pad);
  outlet->pad = gst_object_ref (pad);
  outlet->output = gst_object_ref (output);
  GST_OBJECT_LOCK (self);
  g_ptr_array_add (self->outlets, outlet);
  GST_OBJECT_UNLOCK (self);
  gst_pad_set_active (pad, TRUE);
  gst_element_sync_state_with_parent (output);
  gst_element_add_pad (GST_ELEMENT (self), pad);
  gst_element_post_message (
      GST_ELEMENT (self), gst_message_new_latency (GST_OBJECT (self)));
  return pad;
}

typedef struct
{
  GWeakRef bin;
  GstPad *pad;
  gboolean force;
  GMainContext *context;
} EndRef;

static void
end_ref_free (gpointer data)
{
  EndRef *ref = data;

  g_weak_ref_clear (&ref->bin);
  gst_object_unref (ref->pad);
  g_main_context_unref (ref->context);
  g_free (ref);
}

static EndRef *
end_ref_new (
    VmSignalBin *self, GstPad *pad, gboolean force, GMainContext *context)
{
  EndRef *ref = g_new0 (EndRef, 1);

  g_weak_ref_init (&ref->bin, self);
  ref->pad = gst_object_ref (pad);
  ref->force = force;
  ref->context = g_main_context_ref (context);
  return ref;
}

static gboolean
end_now (gpointer user_data)
{
  EndRef *ref = user_data;
  g_autoptr (VmSignalBin) self = g_weak_ref_get (&ref->bin);

  if (self && ref->force)
    end_outlet (self, ref->pad);
  else if (self)
    remove_outlet (self, ref->pad, FALSE);
  return G_SOURCE_REMOVE;
}

static GSource *
end_source (EndRef *ref, guint delay_ms)
{
  GSource *source =
      delay_ms ? g_timeout_source_new (delay_ms) : g_idle_source_new ();

  g_source_set_callback (source, end_now, ref, end_ref_free);
  g_source_attach (source, ref->context);
  return source;
}

/* Streaming thread: it is on its way back, so that stopping it cannot wait for
 * anything downstream. */
static void
on_ended (GstPad *pad, gpointer user_data)
{
  EndRef *ref = user_data;
  g_autoptr (VmSignalBin) self = g_weak_ref_get (&ref->bin);

  if (self)
    g_source_unref (
        end_source (end_ref_new (self, pad, FALSE, ref->context), 0));
}

/* FALSE: the pad is gone already, because the element has stopped. */
static gboolean
set_deadline (
    VmSignalBin *self, GstPad *pad, GSource *deadline, GMainContext *context)
{
  gboolean found = FALSE;

  GST_OBJECT_LOCK (self);
  for (guint i = 0; i < self->outlets->len && !found; i++) {
    Outlet *outlet = self->outlets->pdata[i];

    if (outlet->pad != pad)
      continue;
    outlet->deadline = g_source_ref (deadline);
    outlet->context = g_main_context_ref (context);
    found = TRUE;
  }
  GST_OBJECT_UNLOCK (self);
  return found;
}

void
vm_signal_bin_end_output (
    VmSignalBin *self, GstPad *pad, GstElement *output, GMainContext *context)
{
  g_autoptr (GSource) deadline =
      end_source (end_ref_new (self, pad, TRUE, context), OUTPUT_END_MS);

  /* first: whoever removes the pad takes it back */
  vm_signal_pad_set_ended_func (VM_SIGNAL_PAD (pad), on_ended,
      end_ref_new (self, pad, FALSE, context), end_ref_free);
  if (!set_deadline (self, pad, deadline, context)) {
    vm_signal_pad_set_ended_func (VM_SIGNAL_PAD (pad), NULL, NULL, NULL);
    g_source_destroy (deadline);
    return;
  }
  if (VM_IS_OUTPUT (output))
    vm_output_end (VM_OUTPUT (output));
  else
    vm_file_output_end (VM_FILE_OUTPUT (output));
}

void
vm_signal_bin_remove_outputs (VmSignalBin *self)
{
  for (;;) {
    g_autoptr (GstPad) pad = NULL;

    GST_OBJECT_LOCK (self);
    if (self->outlets->len > 0)
      pad = gst_object_ref (((Outlet *) self->outlets->pdata[0])->pad);
    GST_OBJECT_UNLOCK (self);
    if (!pad)
      break;
    remove_outlet (self, pad, TRUE);
  }
  GST_OBJECT_LOCK (self);
  g_slist_free_full (g_steal_pointer (&self->free_sinks), weak_pad_free);
  GST_OBJECT_UNLOCK (self);
}
