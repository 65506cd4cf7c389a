/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "terminal/termfilter.h"
#include "terminal/termview-priv.h"

VmTermShown *
vm_term_shown_new (const VmTermPicture *picture)
{
  VmTermShown *shown = g_atomic_rc_box_new (VmTermShown);

  shown->picture = vm_term_picture_copy (picture);
  return shown;
}

VmTermShown *
vm_term_shown_ref (VmTermShown *shown)
{
  return g_atomic_rc_box_acquire (shown);
}

static void
shown_clear (gpointer data)
{
  VmTermShown *shown = data;

  vm_term_picture_free (shown->picture);
}

void
vm_term_shown_unref (VmTermShown *shown)
{
  g_atomic_rc_box_release_full (shown, shown_clear);
}

void
vm_term_frame_clear (VmTermFrame *frame)
{
  g_clear_pointer (&frame->bytes, g_bytes_unref);
}

GBytes *
vm_term_frame_to_message (const VmTermFrame *frame)
{
  g_autoptr (GBytes) size = NULL;

  switch (frame->type) {
    case VM_TERM_FRAME_RESIZE:
      size = vm_term_size_write (&frame->size);
      return vm_term_message_new (VM_P2P_TERM_RESIZE, size);
    case VM_TERM_FRAME_OUT:
      return vm_term_message_new (VM_P2P_TERM_OUT, frame->bytes);
    case VM_TERM_FRAME_STATUS:
      return vm_term_message_new (VM_P2P_TERM_STATUS, frame->bytes);
    default:
      return NULL;
  }
}

static guint
count_named (VmTermShare *share)
{
  guint n = 0;

  for (guint i = 0; i < share->views->len; i++)
    n += ((VmTermView *) share->views->pdata[i])->name != NULL;
  return n;
}

VmTermView *
vm_term_share_attach (VmTermShare *share, const gchar *name)
{
  VmTermView *self;

  g_mutex_lock (&share->lock);
  if (name && count_named (share) >= VM_TERM_VIEWS_MAX) {
    g_mutex_unlock (&share->lock);
    return NULL;
  }
  self = g_new0 (VmTermView, 1);
  self->share = vm_term_share_ref (share);
  self->name = g_strdup (name);
  self->behind = TRUE;
  g_cond_init (&self->cond);
  g_queue_init (&self->queue);
  g_ptr_array_add (share->views, self);
  share->status++;
  self->status = share->status - 1;
  g_mutex_unlock (&share->lock);
  vm_term_share_wake (share);
  return self;
}

static void
drop_queue (VmTermView *self)
{
  g_queue_clear_full (&self->queue, (GDestroyNotify) g_bytes_unref);
  self->queued = 0;
}

void
vm_term_view_detach (VmTermView *self)
{
  VmTermShare *share = self->share;

  g_mutex_lock (&share->lock);
  g_ptr_array_remove (share->views, self);
  share->status++;
  g_mutex_unlock (&share->lock);
  vm_term_share_wake (share);
  drop_queue (self);
  g_clear_pointer (&self->current, g_bytes_unref);
  g_cond_clear (&self->cond);
  g_free (self->name);
  g_free (self);
  vm_term_share_unref (share);
}

void
vm_term_view_push (VmTermView *self, GBytes *bytes)
{
  gsize size = bytes ? g_bytes_get_size (bytes) : 0;

  if (!self->behind && bytes && self->queued + size <= VM_TERM_VIEW_QUEUE) {
    g_queue_push_tail (&self->queue, g_bytes_ref (bytes));
    self->queued += size;
  } else {
    drop_queue (self);
    self->behind = TRUE;
  }
  g_cond_signal (&self->cond);
}

void
vm_term_view_wake (VmTermView *self)
{
  g_mutex_lock (&self->share->lock);
  self->woken = TRUE;
  g_cond_signal (&self->cond);
  g_mutex_unlock (&self->share->lock);
}

void
vm_term_view_refresh (VmTermView *self)
{
  g_mutex_lock (&self->share->lock);
  drop_queue (self);
  self->behind = TRUE;
  g_cond_signal (&self->cond);
  g_mutex_unlock (&self->share->lock);
}

/* How much of @data is the next piece. libvterm loses what combines with a
 * character in the last column if the two come apart; before an ESC none
 * do. */
static gsize
find_cut (const gchar *data, gsize size)
{
  gsize n = VM_TERM_OUT_MAX;

  if (size <= n)
    return size;
  while (n > 0 && data[n] != '\033')
    n--;
  return n ? n : vm_term_cut (data, size, VM_TERM_OUT_MAX);
}

/* A piece of what is being given. */
static gboolean
give_piece (VmTermView *self, VmTermFrame *frame)
{
  gsize size, n;
  const gchar *data;

  if (!self->current)
    return FALSE;
  data = g_bytes_get_data (self->current, &size);
  n = find_cut (data + self->given, size - self->given);
  frame->type = VM_TERM_FRAME_OUT;
  frame->bytes = g_bytes_new_from_bytes (self->current, self->given, n);
  self->given += n;
  if (self->given == size)
    g_clear_pointer (&self->current, g_bytes_unref);
  return TRUE;
}

static void
begin_piece (VmTermView *self, GBytes *bytes)
{
  g_clear_pointer (&self->current, g_bytes_unref);
  self->current = bytes;
  self->given = 0;
}

/* Under the lock, which it leaves for the work. */
static void
give_whole (VmTermView *self, VmTermFrame *frame)
{
  VmTermShown *shown = vm_term_shown_ref (self->share->shown);
  GString *out = g_string_new (NULL);

  self->behind = FALSE;
  drop_queue (self);
  g_mutex_unlock (&self->share->lock);
  vm_term_picture_paint (NULL, shown->picture, out);
  frame->type = VM_TERM_FRAME_RESIZE;
  frame->size = shown->picture->size;
  begin_piece (self, g_string_free_to_bytes (out));
  vm_term_shown_unref (shown);
  g_mutex_lock (&self->share->lock);
}

static void
give_status (VmTermView *self, VmTermFrame *frame)
{
  g_auto (VmTermStatus) status = { 0 };

  self->status = self->share->status;
  g_mutex_unlock (&self->share->lock);
  vm_term_share_get_status (self->share, &status);
  frame->type = VM_TERM_FRAME_STATUS;
  frame->bytes = vm_term_status_write (&status);
  g_mutex_lock (&self->share->lock);
}

/* Under the lock. */
static gboolean
give_next (VmTermView *self, VmTermFrame *frame)
{
  if (self->behind) {
    give_whole (self, frame);
  } else if (self->status != self->share->status) {
    give_status (self, frame);
  } else if (!g_queue_is_empty (&self->queue)) {
    GBytes *bytes = g_queue_pop_head (&self->queue);

    self->queued -= g_bytes_get_size (bytes);
    begin_piece (self, bytes);
    give_piece (self, frame);
  } else if (self->share->ended) {
    frame->type = VM_TERM_FRAME_END;
    frame->code = self->share->code;
  } else {
    return FALSE;
  }
  return TRUE;
}

gboolean
vm_term_view_next (VmTermView *self, gint64 deadline, VmTermFrame *frame)
{
  gboolean given, late = FALSE;

  *frame = (VmTermFrame){ 0 };
  /* what was begun is finished first: it may end within a sequence */
  if (give_piece (self, frame))
    return TRUE;
  g_mutex_lock (&self->share->lock);
  while (!(given = give_next (self, frame)) && !self->woken && !late)
    late = !g_cond_wait_until (&self->cond, &self->share->lock, deadline);
  self->woken = FALSE;
  g_mutex_unlock (&self->share->lock);
  return given;
}
