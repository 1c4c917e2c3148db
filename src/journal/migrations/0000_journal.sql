CREATE TABLE "days" (
	"id" text PRIMARY KEY NOT NULL,
	"mode" text NOT NULL,
	"account" text NOT NULL,
	"run" integer NOT NULL,
	"date" date NOT NULL,
	"state" text NOT NULL,
	"result" text,
	"report" jsonb,
	"sequence" bigint NOT NULL,
	CONSTRAINT "days_mode_account_run_date_unique" UNIQUE("mode","account","run","date")
);
--> statement-breakpoint
CREATE TABLE "events" (
	"day_id" text NOT NULL,
	"seq" integer NOT NULL,
	"at" bigint NOT NULL,
	"level" text NOT NULL,
	"kind" text NOT NULL,
	"text" text NOT NULL,
	"data" jsonb,
	CONSTRAINT "events_day_id_seq_pk" PRIMARY KEY("day_id","seq")
);
--> statement-breakpoint
CREATE TABLE "last_price" (
	"instrument_token" bigint PRIMARY KEY NOT NULL,
	"price" bigint NOT NULL,
	"bid" bigint,
	"ask" bigint,
	"at" bigint NOT NULL
);
--> statement-breakpoint
CREATE TABLE "orders" (
	"day_id" text NOT NULL,
	"tag" text NOT NULL,
	"order_id" text,
	"status" text NOT NULL,
	"view" jsonb NOT NULL,
	"sequence" bigint NOT NULL,
	CONSTRAINT "orders_day_id_tag_pk" PRIMARY KEY("day_id","tag")
);
--> statement-breakpoint
CREATE TABLE "positions" (
	"day_id" text NOT NULL,
	"id" text NOT NULL,
	"state" text NOT NULL,
	"opened_at" bigint NOT NULL,
	"view" jsonb NOT NULL,
	"sequence" bigint NOT NULL,
	CONSTRAINT "positions_day_id_id_pk" PRIMARY KEY("day_id","id")
);
--> statement-breakpoint
CREATE TABLE "replay_runs" (
	"account" text NOT NULL,
	"run" integer NOT NULL,
	"finished" boolean NOT NULL,
	CONSTRAINT "replay_runs_account_run_pk" PRIMARY KEY("account","run")
);
--> statement-breakpoint
CREATE TABLE "sessions" (
	"mode" text NOT NULL,
	"account" text NOT NULL,
	"run" integer NOT NULL,
	"number" integer NOT NULL,
	"user_id" text NOT NULL,
	"sealed_access_token" text NOT NULL,
	"since" bigint NOT NULL,
	"expires_at" bigint NOT NULL,
	CONSTRAINT "sessions_mode_account_run_number_pk" PRIMARY KEY("mode","account","run","number"),
	CONSTRAINT "sessions_mode_account_run_sealed_access_token_unique" UNIQUE("mode","account","run","sealed_access_token")
);
--> statement-breakpoint
CREATE TABLE "signals" (
	"day_id" text NOT NULL,
	"bar_start" bigint NOT NULL,
	"at" bigint NOT NULL,
	"signal" text,
	"outcome" text NOT NULL,
	"view" jsonb NOT NULL,
	CONSTRAINT "signals_day_id_bar_start_at_pk" PRIMARY KEY("day_id","bar_start","at")
);
--> statement-breakpoint
CREATE TABLE "trades" (
	"day_id" text NOT NULL,
	"trade_id" text NOT NULL,
	"tag" text NOT NULL,
	"tradingsymbol" text NOT NULL,
	"side" text NOT NULL,
	"quantity" integer NOT NULL,
	"price" bigint NOT NULL,
	"at" bigint NOT NULL,
	CONSTRAINT "trades_day_id_trade_id_pk" PRIMARY KEY("day_id","trade_id")
);
--> statement-breakpoint
ALTER TABLE "events" ADD CONSTRAINT "events_day_id_days_id_fk" FOREIGN KEY ("day_id") REFERENCES "public"."days"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "orders" ADD CONSTRAINT "orders_day_id_days_id_fk" FOREIGN KEY ("day_id") REFERENCES "public"."days"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "positions" ADD CONSTRAINT "positions_day_id_days_id_fk" FOREIGN KEY ("day_id") REFERENCES "public"."days"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "signals" ADD CONSTRAINT "signals_day_id_days_id_fk" FOREIGN KEY ("day_id") REFERENCES "public"."days"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "trades" ADD CONSTRAINT "trades_day_id_days_id_fk" FOREIGN KEY ("day_id") REFERENCES "public"."days"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "trades" ADD CONSTRAINT "trades_day_id_tag_orders_day_id_tag_fk" FOREIGN KEY ("day_id","tag") REFERENCES "public"."orders"("day_id","tag") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "orders_order_id_index" ON "orders" USING btree ("order_id");