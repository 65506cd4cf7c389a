/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "terminal/termscreen.h"

/* A command on a pseudo-terminal, whose screen any number of views follow.
 *
 * What a view gets is not the command's output but its screen: first whole,
 * then what differs from picture to picture, in TERM_OUT that any terminal of
 * that size understands. So nothing that the command writes reaches a viewer
 * but what libvterm has put on the screen, and a view that is slow leaves out
 * pictures. Thread-safe; a thread of its own ("vm-term") reads the command and
 * never waits for a view. */
typedef struct _VmTermShare VmTermShare;
typedef struct _VmTermView VmTermView;

#define VM_TERM_VIEWS_MAX 64
/* Bytes that wait for one view; beyond, all of it is dropped, and the view goes
 * on with the whole screen. */
#define VM_TERM_VIEW_QUEUE (256 * 1024)
/* Between two pictures; the first after a pause is not held back. */
#define VM_TERM_PICTURE_TIME (10 * 1000) /* µs */
/* Bytes that wait for a command that does not read. */
#define VM_TERM_INPUT_QUEUE (64 * 1024)

typedef enum
{
  VM_TERM_FRAME_RESIZE, /* @size */
  VM_TERM_FRAME_OUT, /* @bytes, at most VM_TERM_OUT_MAX, valid UTF-8 */
  VM_TERM_FRAME_STATUS, /* @bytes: the body of a TERM_STATUS */
  VM_TERM_FRAME_END, /* the command has exited, all of it was given; @code */
} VmTermFrameType;

typedef struct
{
  VmTermFrameType type;
  VmTermSize size;
  GBytes *bytes; /* or NULL */
  gint code;
} VmTermFrame;

void vm_term_frame_clear (VmTermFrame *frame);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (VmTermFrame, vm_term_frame_clear)
/* The frame as a message with its header (vm_term_message_new()); of END: NULL.
 * Returns: (transfer full) */
GBytes *vm_term_frame_to_message (const VmTermFrame *frame);

/* @argv as vm_term_pty_new(). */
VmTermShare *vm_term_share_new (
    const gchar *const *argv, const VmTermSize *size, GError **error);
VmTermShare *vm_term_share_ref (VmTermShare *self);
/* The last ends the command, for which it may block VM_TERM_PTY_END_TIME; not
 * on the share's own thread. A view holds a reference. */
void vm_term_share_unref (VmTermShare *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VmTermShare, vm_term_share_unref)

/* FALSE: the size is out of range; nothing has changed. */
gboolean vm_term_share_resize (VmTermShare *self, const VmTermSize *size);
/* What was typed. FALSE: the command has ended, or does not read, and nothing
 * is taken. */
gboolean
vm_term_share_write_input (VmTermShare *self, const guint8 *data, gsize size);
/* Told to all views; @user: NULL: nobody. */
void vm_term_share_set_controller (VmTermShare *self, const gchar *user);
/* What all views are told. Clear it. */
void vm_term_share_get_status (VmTermShare *self, VmTermStatus *status);
/* Whether the command has exited. */
gboolean vm_term_share_has_ended (VmTermShare *self, gint *code);
/* SIGHUP to the command, and SIGKILL after VM_TERM_PTY_END_TIME; the views get
 * END. */
void vm_term_share_hang_up (VmTermShare *self);
/* @func is called on the thread of the share, without a lock, whenever the
 * status changes: a view comes or goes, control passes, the command ends. Set
 * it before the first view. */
typedef void (*VmTermShareFunc) (VmTermShare *self, gpointer user_data);
void vm_term_share_set_changed_func (
    VmTermShare *self, VmTermShareFunc func, gpointer user_data);

/* @name: of the viewer, for the status; NULL: the sharer's own, which is not
 * counted. NULL: there are VM_TERM_VIEWS_MAX named ones. */
VmTermView *vm_term_share_attach (VmTermShare *self, const gchar *name);
/* The next frame: RESIZE and the whole screen come first. @deadline: monotonic
 * time; 0: does not wait. FALSE: there is none yet, or the view was woken.
 * After END comes END. Clear the frame. */
gboolean
vm_term_view_next (VmTermView *self, gint64 deadline, VmTermFrame *frame);
/* Makes a vm_term_view_next() that waits, or the next, return FALSE. */
void vm_term_view_wake (VmTermView *self);
/* The viewer has lost something: RESIZE and the whole screen come next. */
void vm_term_view_refresh (VmTermView *self);
/* No other thread is in a function of the view. */
void vm_term_view_detach (VmTermView *self);
