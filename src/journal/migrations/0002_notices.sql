CREATE TABLE "notices" (
	"mode" text NOT NULL,
	"account" text NOT NULL,
	"run" integer NOT NULL,
	"id" text NOT NULL,
	"notice" jsonb NOT NULL,
	"queued_at" bigint NOT NULL,
	"delivered_at" bigint,
	CONSTRAINT "notices_mode_account_run_id_pk" PRIMARY KEY("mode","account","run","id")
);
--> statement-breakpoint
CREATE INDEX "notices_mode_account_run_queued_at_index" ON "notices" USING btree ("mode","account","run","queued_at");