/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "session/session-files.h"
#include "cmd/transfer.h"

typedef struct
{
  guint number; /* as it is called by the user */
  gboolean sending;
  gchar *participant; /* its id */
  gchar *who; /* its name, safe */
  gchar *path; /* of what is sent */
  gchar *id; /* of the transfer; NULL: it is not offered yet */
  GstElement
      *element; /* vmfilesrc, vmfilesink; NULL: it waits, or that is gone */
  GstPad *pad; /* of vmsignalbin, of what is sent */
  GstStructure *last; /* as it was told last; NULL: not yet */
  GstStructure *planned; /* of what is sent, as it will be offered */
  VmTransferState state;
  gchar *result; /* what was told when it was over; NULL: it is not */
  guint ticks; /* since then */
  guint shared_by; /* how many share the rate, as it was told; 0: not yet */
  VmtRate rate;
} VmtFileItem;

struct _VmtSessionFiles
{
  VmtSessionFilesPlace place;
  GPtrArray *items; /* of VmtFileItem, in the order of their numbers */
  guint count; /* numbers that were given */
  guint failed; /* of what is sent, or was to be */
  guint plain; /* number of what a plain line answers; 0: nothing */
  gint64 plain_us; /* when that was asked */
  VmFileReceiver *keeper; /* NULL: without a quota, which counts as long as it
                           * is started, whoever comes and goes */
  GstPad *spare; /* of vmsignalbin, which would end with the last of its inputs:
                    where there are none but files, this one stays */
};

/* session-files.c */

typedef gboolean (*VmtFileTest) (const VmtFileItem *item, gconstpointer what);

/* The first that @fits; NULL: none does. */
VmtFileItem *vmt_session_files_find (
    VmtSessionFiles *self, VmtFileTest fits, gconstpointer what);
guint vmt_session_files_count (
    VmtSessionFiles *self, VmtFileTest fits, gconstpointer what);
/* Whether its offer waits for the user. @unused: NULL */
gboolean vmt_file_item_is_asked (const VmtFileItem *item, gconstpointer unused);
VmtFileItem *vmt_session_files_add (
    VmtSessionFiles *self, gboolean sending, const gchar *participant);
gchar *vmt_file_item_name (const VmtFileItem *item);
/* As it was told last, or else is planned. */
const GstStructure *vmt_file_item_transfer (const VmtFileItem *item);
JsonObject *vmt_file_item_event (const VmtFileItem *item);
/* @result: all that is said of it at its end; @code: NULL if it is @good. */
void vmt_file_item_say_over (VmtSessionFiles *self, const VmtFileItem *item,
    gboolean good, const gchar *code, const gchar *result);
/* It ends without a word of its element. */
void vmt_file_item_fail (
    VmtSessionFiles *self, VmtFileItem *item, VmError code, const gchar *why);
/* Who waits has a turn, as far as there are pads. */
void vmt_session_files_start_next (VmtSessionFiles *self);

/* session-files-user.c */

/* The user is to say whether it is taken. */
void vmt_file_item_ask (VmtSessionFiles *self, VmtFileItem *item);
/* Where nobody types, nobody answers. */
void vmt_session_files_decline_all (VmtSessionFiles *self);

/* session-filepads.c */

/* Has vmfilesink take what comes out of vmsignalbin from here on. */
void vmt_session_files_watch (VmtSessionFiles *self);
/* The participant that @object, an element, sends to or receives from; NULL: it
 * has nothing to do with files. */
const gchar *vmt_session_files_participant (gpointer object);
/* Whether it could be begun. */
gboolean vmt_file_item_start (VmtSessionFiles *self, VmtFileItem *item);
/* What it has said last must have left its pad. */
void vmt_file_item_stop (VmtSessionFiles *self, VmtFileItem *item);
