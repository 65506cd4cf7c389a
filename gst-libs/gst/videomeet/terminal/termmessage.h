/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "wire/p2p/p2p.h"

#include <gst/videomeet/vmerror.h>

/* The bodies of the messages of a shared terminal
 * (protocol/agents.md#terminal). Sans-I/O. What is read is refused with
 * VM_ERROR_BAD_MESSAGE, or VM_ERROR_TOO_LARGE where it is above a size. */

#define VM_TERM_COLS_MAX 500
#define VM_TERM_ROWS_MAX 200
#define VM_TERM_OUT_MAX (32 * 1024) /* bytes of one TERM_OUT */
#define VM_TERM_IN_MAX (4 * 1024) /* bytes of one TERM_IN */
#define VM_TERM_JSON_MAX (64 * 1024) /* bytes of a body that is JSON */
#define VM_TERM_VIEWERS_MAX 64 /* names in one TERM_STATUS */
#define VM_TERM_NAME_MAX 256 /* bytes of a name */
#define VM_TERM_COMMAND_MAX 1024 /* bytes */
#define VM_TERM_TOKEN_MAX (16 * 1024) /* bytes of a capability */
#define VM_TERM_CODE_MAX 64 /* bytes */
#define VM_TERM_TEXT_MAX 1024 /* bytes of a message for people */
#define VM_TERM_EXPIRES_MAX (24 * 60 * 60) /* seconds */

/* TERM_RESIZE */
typedef struct
{
  guint cols; /* 1 to VM_TERM_COLS_MAX */
  guint rows; /* 1 to VM_TERM_ROWS_MAX */
} VmTermSize;

gboolean vm_term_size_is_valid (gint64 cols, gint64 rows);
gboolean vm_term_size_read (VmTermSize *size, GBytes *body, GError **error);
/* Returns: (transfer full) */
GBytes *vm_term_size_write (const VmTermSize *size);

/* TERM_OUT: valid UTF-8, at most VM_TERM_OUT_MAX bytes. */
gboolean vm_term_out_check (GBytes *body, GError **error);
/* TERM_IN: any bytes, at least one, at most VM_TERM_IN_MAX. */
gboolean vm_term_in_check (GBytes *body, GError **error);

/* TERM_CONTROL */
typedef enum
{
  VM_TERM_CONTROL_ASK, /* viewer to sharer: may I type? */
  VM_TERM_CONTROL_TOKEN, /* sharer to viewer: show this to the server */
  VM_TERM_CONTROL_TAKE_BACK, /* sharer to viewer: control is over */
  VM_TERM_CONTROL_DENIED, /* sharer to viewer: no, and why */
  VM_TERM_CONTROL_RELEASE, /* viewer to sharer: I type no more */
  VM_TERM_CONTROL_N_ACTIONS
} VmTermControlAction;

/* "ask", "token", "take-back", "denied", "release" */
const gchar *vm_term_control_action_to_string (VmTermControlAction action);

typedef struct
{
  VmTermControlAction action;
  gchar *cap_token; /* of TOKEN, and of no other */
  gint64 expires_in; /* seconds, of TOKEN; 0: not said */
  gchar *code; /* as vm_error_to_code(); DENIED has one; or NULL */
  gchar *message; /* for people; or NULL */
} VmTermControl;

/* @control need not be initialised; clear it in any case. */
gboolean
vm_term_control_read (VmTermControl *control, GBytes *body, GError **error);
/* Returns: (transfer full) */
GBytes *vm_term_control_write (const VmTermControl *control);
void vm_term_control_clear (VmTermControl *control);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (VmTermControl, vm_term_control_clear)

/* TERM_STATUS */
typedef struct
{
  GStrv viewers; /* names of users; never NULL after a read */
  gchar *controller; /* the user who may type beside the sharer; or NULL */
  gchar *command; /* what runs; or NULL */
  gboolean ended; /* the command has exited */
  gint code; /* of that exit: 0 to 255, 128 + N: by signal N */
} VmTermStatus;

/* @status need not be initialised; clear it in any case. */
gboolean
vm_term_status_read (VmTermStatus *status, GBytes *body, GError **error);
/* Of more than VM_TERM_VIEWERS_MAX viewers the first. Names and a command that
 * are too long are cut. Returns: (transfer full) */
GBytes *vm_term_status_write (const VmTermStatus *status);
void vm_term_status_copy (const VmTermStatus *status, VmTermStatus *copy);
void vm_term_status_clear (VmTermStatus *status);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (VmTermStatus, vm_term_status_clear)

/* One whole message with its header, as it stands on a stream and in a buffer
 * of application/x-vm-term. Returns: (transfer full) */
GBytes *vm_term_message_new (VmP2pType type, GBytes *body);
