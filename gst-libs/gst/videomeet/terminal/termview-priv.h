/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "terminal/termshare.h"

/* A picture that is not changed any more. */
typedef struct
{
  VmTermPicture *picture;
} VmTermShown;

VmTermShown *vm_term_shown_new (const VmTermPicture *picture);
VmTermShown *vm_term_shown_ref (VmTermShown *shown);
void vm_term_shown_unref (VmTermShown *shown);

struct _VmTermShare
{
  gint refs;
  GMutex lock;

  /* under the lock */
  VmTermShown *shown; /* what the views were given last */
  GPtrArray *views;
  GByteArray *input;
  VmTermSize size; /* that is wanted */
  gchar *controller;
  guint status; /* a number for each */
  gboolean hang_up, stop, ended;
  gint code;
  VmTermShareFunc changed;
  gpointer changed_data;

  gchar *command;
  gint wake_fd;
  GThread *thread;

  /* of the thread */
  struct VmTermPtyWork *work;
};

struct _VmTermView
{
  VmTermShare *share;
  gchar *name; /* or NULL */
  GCond cond;

  /* under the lock of the share */
  GQueue queue; /* GBytes: what changes the last picture */
  gsize queued; /* bytes */
  gboolean behind; /* the whole picture is needed */
  gboolean woken;
  guint status; /* that it was told last */

  /* of the thread that calls vm_term_view_next() */
  GBytes *current; /* of which a part was given */
  gsize given;
  VmTermSize size; /* that it was told last */
};

void vm_term_share_wake (VmTermShare *self);
/* Under the lock: @bytes makes the last picture into the one that
 * VmTermShare.shown is now; NULL: it cannot, the size is another. */
void vm_term_view_push (VmTermView *self, GBytes *bytes);
