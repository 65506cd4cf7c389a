/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "terminal/termmessage.h"

/* A command on a pseudo-terminal. Its file descriptors do not block: whoever
 * reads and writes polls them. One thread at a time. */
typedef struct _VmTermPty VmTermPty;

/* The variables of this process, with TERM=xterm-256color and without those
 * that describe another terminal. @argv: the first is looked for in PATH.
 * VM_ERROR_NOT_FOUND: there is no such program; VM_ERROR_FAILED. */
VmTermPty *vm_term_pty_new (
    const gchar *const *argv, const VmTermSize *size, GError **error);
/* Ends the command: SIGHUP to it and its children, and after
 * VM_TERM_PTY_END_TIME SIGKILL. */
void vm_term_pty_free (VmTermPty *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VmTermPty, vm_term_pty_free)
#define VM_TERM_PTY_END_TIME G_USEC_PER_SEC

/* To poll for reading and writing. */
gint vm_term_pty_get_fd (VmTermPty *self);
/* To poll for reading: it is ready when the command has exited. */
gint vm_term_pty_get_exit_fd (VmTermPty *self);

/* The program is told by SIGWINCH. */
void vm_term_pty_resize (VmTermPty *self, const VmTermSize *size);
/* Bytes that are read; 0: none now; -1: there will be no more. */
gssize vm_term_pty_read (VmTermPty *self, guint8 *data, gsize size);
/* Bytes that are taken, which may be fewer; 0: none now; -1: none ever. */
gssize vm_term_pty_write (VmTermPty *self, const guint8 *data, gsize size);
/* SIGHUP to the command and its children. */
void vm_term_pty_hang_up (VmTermPty *self);
/* SIGKILL to them. */
void vm_term_pty_kill (VmTermPty *self);
/* Whether the command has exited; *@code: 0 to 255, 128 + N: by signal N. */
gboolean vm_term_pty_has_ended (VmTermPty *self, gint *code);
