/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "base/vmmailbox-priv.h"

struct _VmMailbox
{
  GSource *source;
  GMainContext *context;
  GMutex lock; /* of what follows */
  GQueue letters;
  gboolean closed;
};

typedef struct
{
  GSourceFunc func;
  gpointer data;
  GDestroyNotify destroy;
} Letter;

typedef struct
{
  GSource source;
  VmMailbox *mailbox;
} Source;

static void
letter_free (Letter *letter)
{
  if (letter->destroy)
    letter->destroy (letter->data);
  g_free (letter);
}

static void
mailbox_clear (gpointer data)
{
  VmMailbox *self = data;

  g_main_context_unref (self->context);
  g_mutex_clear (&self->lock);
}

static void
mailbox_unref (VmMailbox *self)
{
  g_atomic_rc_box_release_full (self, mailbox_clear);
}

static guint
count (VmMailbox *self)
{
  guint n;

  g_mutex_lock (&self->lock);
  n = self->letters.length;
  g_mutex_unlock (&self->lock);
  return n;
}

static Letter *
take (VmMailbox *self)
{
  Letter *letter;

  g_mutex_lock (&self->lock);
  letter = g_queue_pop_head (&self->letters);
  g_mutex_unlock (&self->lock);
  return letter;
}

static gboolean
prepare (GSource *source, gint *timeout)
{
  *timeout = -1;
  return count (((Source *) source)->mailbox) > 0;
}

static gboolean
check (GSource *source)
{
  return count (((Source *) source)->mailbox) > 0;
}

/* As many as there are now: what they post has its turn with the other sources.
 * A function may run the context again, which goes on here, or free all of
 * it. */
static gboolean
dispatch (GSource *source, GSourceFunc func, gpointer user_data)
{
  VmMailbox *self = g_atomic_rc_box_acquire (((Source *) source)->mailbox);
  Letter *letter;

  for (guint n = count (self); n > 0 && (letter = take (self)); n--) {
    letter->func (letter->data);
    letter_free (letter);
  }
  mailbox_unref (self);
  return G_SOURCE_CONTINUE;
}

static void
finalize (GSource *source)
{
  mailbox_unref (((Source *) source)->mailbox);
}

VmMailbox *
vm_mailbox_new (GMainContext *context)
{
  static GSourceFuncs funcs = { .prepare = prepare,
    .check = check,
    .dispatch = dispatch,
    .finalize = finalize };
  VmMailbox *self = g_atomic_rc_box_new0 (VmMailbox);

  g_mutex_init (&self->lock);
  g_queue_init (&self->letters);
  self->context = g_main_context_ref (context);
  self->source = g_source_new (&funcs, sizeof (Source));
  ((Source *) self->source)->mailbox = g_atomic_rc_box_acquire (self);
  g_source_set_static_name (self->source, "vm-mailbox");
  g_source_set_can_recurse (self->source, TRUE);
  g_source_attach (self->source, context);
  return self;
}

void
vm_mailbox_close (VmMailbox *self)
{
  Letter *letter;

  g_mutex_lock (&self->lock);
  self->closed = TRUE;
  g_mutex_unlock (&self->lock);
  g_source_destroy (self->source);
  while ((letter = take (self)))
    letter_free (letter);
}

void
vm_mailbox_free (VmMailbox *self)
{
  vm_mailbox_close (self);
  g_source_unref (self->source);
  mailbox_unref (self);
}

void
vm_mailbox_post (
    VmMailbox *self, GSourceFunc func, gpointer data, GDestroyNotify destroy)
{
  Letter *letter = g_new (Letter, 1);
  gboolean closed, first = FALSE;

  *letter = (Letter){ func, data, destroy };
  g_atomic_rc_box_acquire (self);
  g_mutex_lock (&self->lock);
  closed = self->closed;
  if (!closed) {
    first = self->letters.length == 0;
    g_queue_push_tail (&self->letters, letter);
  }
  g_mutex_unlock (&self->lock);
  if (closed)
    letter_free (letter);
  else if (first)
    g_main_context_wakeup (self->context); /* takes no lock */
  mailbox_unref (self);
}
