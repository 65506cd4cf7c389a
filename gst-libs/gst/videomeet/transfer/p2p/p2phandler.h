/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/videomeet/vmtransferstate.h>
#include "transfer/disk/receivefolder.h"
#include "wire/p2p/pipe.h"

/* What the handlers of a stream between two agents share: p2pfiles.h (a file)
 * and p2pzip.h (a folder as an archive). A handler is one function that blocks
 * on a thread of its own until the transfer is over. Closing the pipe, from any
 * thread, ends it; what is verified stays for the next transfer. The handler
 * neither ends, closes nor frees the pipe, which may carry another transfer
 * after a successful one; after an error, close it once the other side had a
 * moment to read why (vm_p2p_pipe_end()). */

/* A peer that answers nothing to the announcement of a file or folder within
 * this time knows only the base protocol, and waits for the bytes. */
#define VM_P2P_ANSWER_TIMEOUT (5 * G_USEC_PER_SEC)

/* A message that was received before the handler was chosen. */
typedef struct
{
  guint8 type; /* VmP2pType */
  GBytes *body; /* the caller's */
} VmP2pMessage;

/* The transfer as it is now; valid during the call. */
typedef struct
{
  VmTransferState state;
  const gchar *name; /* as sent, or as it will be saved */
  guint64 size; /* bytes; of a folder, all its files together */
  guint64 done; /* bytes that are verified, or those of whole entries */
  guint64 carried; /* bytes of chunks that this transfer has sent or received */
  gboolean full; /* paused for want of space on the receiver's disk */
  const gchar *saved_path; /* relative to the receiving folder, once COMPLETED;
                            * or NULL */
} VmP2pProgress;

/* On the handler's thread: each state, and the progress at most every 200 ms.
 */
typedef void (*VmP2pProgressFunc) (
    const VmP2pProgress *progress, gpointer data);

/* The user's wishes for a transfer. Any thread; it may be used before the
 * handler runs and after it, for one transfer. A peer that knows only the base
 * protocol is paused by not reading or sending. */
typedef struct _VmP2pControl VmP2pControl;

VmP2pControl *vm_p2p_control_new (void);
void vm_p2p_control_free (VmP2pControl *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VmP2pControl, vm_p2p_control_free)
void vm_p2p_control_set_paused (VmP2pControl *self, gboolean paused);
/* VM_ERROR_CANCELLED; the receiver discards what it has. */
void vm_p2p_control_cancel (VmP2pControl *self);

/* What is offered, to whoever decides. */
typedef struct
{
  const gchar *name; /* as it will be saved if it is accepted */
  guint64 size; /* bytes */
  guint64 entries; /* of a folder; 0: a file */
  const gchar *mime; /* as the sender claims; or NULL */
  const gchar *user; /* likewise */
  gboolean folder;
} VmP2pOffer;

/* Whether to receive it; may block for VM_TRANSFER_OFFER_TIMEOUT to ask the
 * user. @reason (transfer full): why not, for the sender; or NULL. */
typedef gboolean (*VmP2pAcceptFunc) (
    const VmP2pOffer *offer, gchar **reason, gpointer data);

/* So many bytes more have come of what was offered without a size, which the
 * offer gives as 0. Whether they may. */
typedef gboolean (*VmP2pSpendFunc) (guint64 bytes, gpointer data);

typedef struct
{
  VmReceiveFolder *folder;
  const gchar *device; /* the sender's: letters, digits, "-" and "_" */
  gboolean known; /* no stranger: gets its room on the disk in advance */
  guint64 max_size; /* bytes of a file or a folder; 0: any */
  guint64 max_rate; /* bytes/s; 0: any */
  VmP2pAcceptFunc accept; /* NULL: all are accepted */
  VmP2pSpendFunc spend; /* or NULL */
  VmP2pProgressFunc progress; /* or NULL */
  gpointer data; /* of all */
  VmP2pControl *control; /* or NULL */
} VmP2pReceive;
